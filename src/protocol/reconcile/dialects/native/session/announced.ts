import { compareBounds } from '../../../../../store/index.ts';
import type { SplitRecord } from '../wire/index.ts';
import { malformed } from '../wire/index.ts';
import { inCluster, type RankedRange } from '../work.ts';
import type { AskedRange } from './questions.ts';

/** Our ranges that the peer has to answer, in this order. */
export class Announced {
  #queue: RankedRange[] = [];
  #head = 0;
  /** Members of the next group of the peer. */
  #taken: RankedRange[] = [];

  get size(): number {
    return this.#queue.length - this.#head + this.#taken.length;
  }

  *ranges(): Iterable<RankedRange> {
    yield* this.#queue.slice(this.#head);
    yield* this.#taken;
  }

  push(ranges: readonly RankedRange[]): void {
    for (const range of ranges) this.#queue.push(range);
  }

  /** The peer answers these ranges first. */
  unshift(ranges: readonly RankedRange[]): void {
    this.#queue = [...ranges, ...this.#queue.slice(this.#head)];
    this.#head = 0;
  }

  /** The next `count` ranges, which the peer has answered. */
  shift(count: number): RankedRange[] {
    if (count > this.#queue.length - this.#head) {
      throw malformed(
        `it answers ${count} ranges, and ${this.#queue.length - this.#head} are open`,
      );
    }
    const ranges = this.#queue.slice(this.#head, this.#head + count);
    this.#head += count;
    if (2 * this.#head > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return ranges;
  }

  take(count: number): void {
    this.#taken.push(...this.shift(count));
  }

  /** All members of the group, which is complete now. */
  group(): RankedRange[] {
    if (this.#taken.length === 0) throw malformed('a group of no ranges');
    return this.#taken.splice(0);
  }
}

/** The ranges that a split cuts `whole` into. */
export function partsOf(whole: RankedRange, { parts }: SplitRecord): AskedRange[] {
  let { lower } = whole;
  return parts.map(({ upper: inner, count, digest }) => {
    const upper = inner ?? whole.upper;
    if (compareBounds(lower, upper) >= 0) throw malformed('a split reaches out of its range');
    const part = { lower, upper, theirs: count, digest, ...inCluster(whole.cluster) };
    lower = upper;
    return part;
  });
}
