/** The dialect of Commonware's range-based set reconciliation, byte for byte. */

import type { Dialect } from '../../dialect.ts';
import { EVERYTHING } from '../../interval.ts';
import { DEFAULT_SESSION_LIMITS } from '../../options.ts';
import { checkDigests, checkLeast, checkLimits, checkSession } from '../shared/index.ts';
import {
  BRANCHING_FACTOR,
  DIALECT_NAME,
  DIALECT_VERSION,
  FINGERPRINT_BYTES,
  MIN_MESSAGE_BYTES,
  MIN_VISITED_ITEMS,
} from './constants.ts';
import { CommonwareSession } from './session.ts';

/** The dialect with a branching factor of choice: the two sides may differ. The reference takes 16. */
export function commonwareDialect(branchingFactor: number = BRANCHING_FACTOR): Dialect {
  return {
    name: DIALECT_NAME,
    version: DIALECT_VERSION,
    session(init) {
      checkSession(init);
      const { role, snapshot, limits: given } = init;
      const { interval = EVERYTHING, whole = init.interval === undefined } = init;
      const limits = { ...DEFAULT_SESSION_LIMITS, ...given };
      checkLimits(limits);
      checkLeast('maxMessageBytes', limits.maxMessageBytes, MIN_MESSAGE_BYTES);
      checkLeast('maxVisitedItems', limits.maxVisitedItems, MIN_VISITED_ITEMS);
      checkDigests(DIALECT_NAME, snapshot, FINGERPRINT_BYTES);
      return new CommonwareSession({ role, snapshot, limits, branchingFactor, interval, whole });
    },
  };
}

/** The format of Commonware's range-based set reconciliation, with our fixes (docs/protocol.md). */
export const commonware: Dialect = commonwareDialect();
