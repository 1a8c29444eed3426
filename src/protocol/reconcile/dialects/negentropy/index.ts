/** The dialect of Negentropy protocol version 1, byte for byte. */

import type { Dialect, SessionInit } from '../../dialect.ts';
import type { SessionLimits } from '../../options.ts';
import {
  DEFAULT_LIMITS,
  DIALECT_NAME,
  DIALECT_VERSION,
  FINGERPRINT_BYTES,
  MIN_FRAME_BYTES,
  MIN_VISITED_ITEMS,
} from './constants.ts';
import type { Overflow } from './message-builder.ts';
import { NegentropySession } from './session.ts';

/**
 * Negentropy Protocol V1, byte for byte, without the defects of its implementations
 * (docs/negentropy.md). `maxMessageBytes` is its frame size limit: 4096 or more, 0 for none. Sets are
 * kept under `sum256`.
 */
export const negentropy: Dialect = negentropyDialect('correct');

/** The dialect with an overflow rule of choice: that of the reference serves comparisons with it. */
export function negentropyDialect(overflow: Overflow): Dialect {
  return {
    name: DIALECT_NAME,
    version: DIALECT_VERSION,
    session({ role, snapshot, limits: given }) {
      const limits = { ...DEFAULT_LIMITS, ...given };
      checkLimits(limits);
      checkScheme(snapshot);
      return new NegentropySession({ role, snapshot, limits, overflow });
    },
  };
}

function checkLimits({ maxMessageBytes, maxVisitedItems }: SessionLimits): void {
  if (maxMessageBytes !== 0 && !(maxMessageBytes >= MIN_FRAME_BYTES)) {
    throw new RangeError(
      `maxMessageBytes is 0 (no limit) or ${MIN_FRAME_BYTES} or more, not ${maxMessageBytes}`,
    );
  }
  if (!(maxVisitedItems >= MIN_VISITED_ITEMS)) {
    throw new RangeError(
      `maxVisitedItems is ${MIN_VISITED_ITEMS} or more, not ${maxVisitedItems}: below it a session may not end`,
    );
  }
}

function checkScheme({ scheme }: SessionInit['snapshot']): void {
  const { length } = scheme.digest(scheme.empty(), 0);
  if (length === FINGERPRINT_BYTES) return;
  throw new RangeError(
    `the negentropy dialect sends digests of ${FINGERPRINT_BYTES} bytes, ${scheme.name} makes ${length}: keep the set under sum256`,
  );
}
