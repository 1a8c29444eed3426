/** The dialect of Commonware's range-based set reconciliation, byte for byte. */

import type { Dialect } from '../../dialect.ts';
import { DEFAULT_SESSION_LIMITS } from '../../options.ts';
import {
  BRANCHING_FACTOR,
  DIALECT_NAME,
  DIALECT_VERSION,
  FINGERPRINT_BYTES,
  MIN_MESSAGE_BYTES,
  MIN_VISITED_ITEMS,
} from './constants.ts';
import { CommonwareSession } from './session.ts';

/**
 * The dialect with a branching factor of choice. Sessions are right whatever each side takes; the
 * reference takes 16, and costs are known for that.
 */
export function commonwareDialect(branchingFactor: number = BRANCHING_FACTOR): Dialect {
  return {
    name: DIALECT_NAME,
    version: DIALECT_VERSION,
    session({ role, snapshot, limits: given }) {
      const limits = { ...DEFAULT_SESSION_LIMITS, ...given };
      atLeast('maxMessageBytes', limits.maxMessageBytes, MIN_MESSAGE_BYTES);
      atLeast('maxVisitedItems', limits.maxVisitedItems, MIN_VISITED_ITEMS);
      const { scheme } = snapshot;
      const digestBytes = scheme.digest(scheme.empty(), 0).length;
      if (digestBytes !== FINGERPRINT_BYTES) {
        throw new RangeError(
          `the commonware dialect sends digests of ${FINGERPRINT_BYTES} bytes, ${scheme.name} makes ${digestBytes}`,
        );
      }
      return new CommonwareSession({ role, snapshot, limits, branchingFactor });
    },
  };
}

/** The format of Commonware's range-based set reconciliation, with our fixes (docs/protocol.md). */
export const commonware: Dialect = commonwareDialect();

function atLeast(name: string, value: number, least: number): void {
  if (value >= least) return;
  throw new RangeError(`${name} is ${least} or more, not ${value}: below it a session may not end`);
}
