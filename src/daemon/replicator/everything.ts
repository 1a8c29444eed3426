import type { Interval } from '../../protocol/index.ts';
import { compareBounds, INFINITE_BOUND, ZERO_BOUND } from '../../store/index.ts';

/** The whole key space. */
export const EVERYTHING: Interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

/** Whether an interval is the whole key space. */
export function everything({ lower, upper }: Interval): boolean {
  return compareBounds(lower, ZERO_BOUND) === 0 && compareBounds(upper, INFINITE_BOUND) === 0;
}
