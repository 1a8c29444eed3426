import { type Bound, compareBounds, INFINITE_BOUND, ZERO_BOUND } from '../../../../store/index.ts';
import type { Interval } from '../../dialect.ts';
import type { MessageRange } from '../shared/index.ts';
import { malformed } from './codec.ts';

/** A range and its lower bound. */
export type Located = MessageRange & Interval;

/**
 * Adds lower bounds, and checks the form of a message: at least one range, upper bounds that strictly
 * increase, the last infinity. Throws `ProtocolError` `MALFORMED_FRAME` at the first bad range.
 */
export function* locate(ranges: Iterable<MessageRange>): Generator<Located> {
  let lower = ZERO_BOUND;
  for (const range of ranges) {
    if (compareBounds(lower, range.upper) >= 0) {
      throw malformed('its bounds do not increase from range to range');
    }
    yield { ...range, lower };
    lower = range.upper;
  }
  if (lower === ZERO_BOUND) throw malformed('it has no ranges');
  if (compareBounds(lower, INFINITE_BOUND) !== 0)
    throw malformed('its ranges stop short of infinity');
}

/** Parts of the key space, merged where they touch. Keeps copies of the bounds it is given. */
export class IntervalSet {
  readonly #intervals: Interval[] = [];

  /** Disjoint intervals held. */
  get size(): number {
    return this.#intervals.length;
  }

  add(interval: Interval): void {
    const begin = this.#firstEndingAt(interval.lower);
    let end = begin;
    while (end < this.size && compareBounds(this.#intervals[end]!.lower, interval.upper) <= 0) {
      end++;
    }
    const touched = this.#intervals.slice(begin, end);
    const merged = touched.reduce(hull, { lower: own(interval.lower), upper: own(interval.upper) });
    this.#intervals.splice(begin, end - begin, merged);
  }

  /** Whether all of `interval` is in the set. */
  covers(interval: Interval): boolean {
    const found = this.#intervals[this.#firstEndingAt(interval.upper)];
    return found !== undefined && compareBounds(found.lower, interval.lower) <= 0;
  }

  /** Index of the first interval whose upper bound is at or above `bound`. */
  #firstEndingAt(bound: Bound): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBounds(this.#intervals[middle]!.upper, bound) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function hull(a: Interval, b: Interval): Interval {
  return {
    lower: compareBounds(a.lower, b.lower) <= 0 ? a.lower : b.lower,
    upper: compareBounds(a.upper, b.upper) >= 0 ? a.upper : b.upper,
  };
}

/** A copy, which does not keep the frame in memory. */
function own(bound: Bound): Bound {
  return { hint: bound.hint, id: bound.id === null ? null : bound.id.slice() };
}
