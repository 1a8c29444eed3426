import type { Interval } from '../../protocol/index.ts';
import { compareBounds, INFINITE_BOUND, ZERO_BOUND } from '../../store/index.ts';

/** Whether an interval is the whole key space. */
export function everything({ lower, upper }: Interval): boolean {
  return compareBounds(lower, ZERO_BOUND) === 0 && compareBounds(upper, INFINITE_BOUND) === 0;
}
