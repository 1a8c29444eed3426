import { type Bound, compareBounds, INFINITE_BOUND, ZERO_BOUND } from '../../store/index.ts';
import type { Interval } from './dialect.ts';

/** The whole key space. */
export const EVERYTHING: Interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

/** Whether both have the same bounds. */
export function sameInterval(a: Interval, b: Interval): boolean {
  return compareBounds(a.lower, b.lower) === 0 && compareBounds(a.upper, b.upper) === 0;
}

/** Whether no key can lie in it. */
export function isEmpty({ lower, upper }: Interval): boolean {
  return compareBounds(lower, upper) >= 0;
}

/** The part that lies in both; an empty part has equal bounds. */
export function intersection(a: Interval, b: Interval): Interval {
  const lower = highest(a.lower, b.lower);
  const upper = compareBounds(a.upper, b.upper) <= 0 ? a.upper : b.upper;
  return { lower, upper: highest(lower, upper) };
}

function highest(a: Bound, b: Bound): Bound {
  return compareBounds(a, b) >= 0 ? a : b;
}
