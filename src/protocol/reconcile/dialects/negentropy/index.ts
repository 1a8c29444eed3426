/** The dialect of Negentropy protocol version 1, byte for byte. */

import type { Dialect } from '../../dialect.ts';
import { checkDigests, checkLeast, checkLimits, checkSession } from '../shared/index.ts';
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

/** The dialect with an overflow rule of choice: the rule of the reference serves comparisons. */
export function negentropyDialect(overflow: Overflow): Dialect {
  return {
    name: DIALECT_NAME,
    version: DIALECT_VERSION,
    session(init) {
      checkSession(init);
      const { role, snapshot, limits: given } = init;
      const limits = { ...DEFAULT_LIMITS, ...given };
      checkLimits(limits);
      const { maxMessageBytes, maxVisitedItems } = limits;
      if (maxMessageBytes !== 0) {
        checkLeast('maxMessageBytes (0 is no limit)', maxMessageBytes, MIN_FRAME_BYTES);
      }
      checkLeast('maxVisitedItems', maxVisitedItems, MIN_VISITED_ITEMS);
      checkDigests(DIALECT_NAME, snapshot, FINGERPRINT_BYTES);
      return new NegentropySession({ role, snapshot, limits, overflow });
    },
  };
}
