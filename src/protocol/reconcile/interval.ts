import { type Bound, compareBounds } from '../../store/index.ts';
import type { Interval } from './dialect.ts';

/** The interval that both accept; an empty interval has equal bounds. */
export function intersection(a: Interval, b: Interval): Interval {
  const lower = highest(a.lower, b.lower);
  const upper = compareBounds(a.upper, b.upper) <= 0 ? a.upper : b.upper;
  return { lower, upper: highest(lower, upper) };
}

function highest(a: Bound, b: Bound): Bound {
  return compareBounds(a, b) >= 0 ? a : b;
}
