import {
  type Bound,
  compareBounds,
  INFINITE_HINT,
  type VerifiedItem,
} from '../../../../../store/index.ts';
import type { Interval } from '../../../dialect.ts';
import type { DifferenceLedger } from '../difference-ledger.ts';
import type { CutRecord, SplitRecord } from '../wire/index.ts';
import { malformed } from '../wire/index.ts';
import { inCluster, type NativeWork, type RankedRange } from '../work.ts';
import type { AskedRange } from './questions.ts';

/** Records that answer ranges, or begin to. */
const RANGE_ANSWERS: ReadonlySet<string> = new Set([
  ...['same', 'later', 'want', 'take', 'all', 'split', 'cut', 'fail', 'sketch', 'probe', 'list'],
]);

/** Our ranges that the peer has to answer, in this order. */
export class Announced {
  #queue: RankedRange[] = [];
  #head = 0;
  /** Members of the next group of the peer. */
  #taken: RankedRange[] = [];
  /** The rest of a range that the peer is sending in full, piece by piece. */
  #rest: Interval | null = null;

  /** Ranges without an answer. */
  get size(): number {
    return this.#queue.length - this.#head + this.#taken.length;
  }

  /** The peer is sending a range in full. */
  get receiving(): boolean {
    return this.#rest !== null;
  }

  /** Throws for a record that answers a range while another is sent in full. */
  check(tag: string): void {
    if (this.receiving && RANGE_ANSWERS.has(tag)) throw malformed('a range in full is cut short');
  }

  *ranges(): Iterable<Interval> {
    yield* this.#queue.slice(this.#head);
    yield* this.#taken;
    if (this.#rest !== null) yield this.#rest;
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

  /** All that was announced is void: the peer tells what came since, in any place of `whole`. */
  restart(whole: Interval): void {
    this.#queue = [];
    this.#head = 0;
    this.#taken = [];
    this.#rest = whole;
  }

  /** Takes ids of a range that `restart` began, in any order. */
  *recent(
    ids: Uint8Array,
    last: boolean,
    ledger: DifferenceLedger,
    items: readonly VerifiedItem[] = [],
  ): NativeWork {
    if (this.#rest === null) throw malformed('it had told all that came since');
    yield* ledger.got(ids, items);
    if (last) this.#rest = null;
  }

  /** All members of the group, which is complete now. */
  group(): RankedRange[] {
    if (this.#taken.length === 0) throw malformed('a group of no ranges');
    return this.#taken.splice(0);
  }

  /** The peer begins to send the next range in full. */
  all(): void {
    this.#rest = this.shift(1)[0]!;
  }

  /** The rest of the range in full that the peer is sending. */
  get rest(): Interval {
    if (this.#rest === null) throw malformed('items of a range that is not open');
    return this.#rest;
  }

  /** Takes the ids below `upper`, or the last ones. */
  *piece(upper: Bound | null, ids: Uint8Array, ledger: DifferenceLedger): NativeWork {
    const rest = this.#rest;
    if (rest === null) throw malformed('ids of a range that is not open');
    if (upper !== null) {
      const within = compareBounds(rest.lower, upper) < 0 && compareBounds(upper, rest.upper) < 0;
      if (!within) throw malformed('a piece lies out of its range');
      if (ids.length === 0) throw malformed('a piece of nothing');
    }
    yield* ledger.got(ids);
    this.#rest = upper === null ? null : { lower: upper, upper: rest.upper };
  }
}

/** The ranges that a split, or a cut, divides `whole` into. */
export function partsOf(whole: RankedRange, record: SplitRecord | CutRecord): AskedRange[] {
  return record.tag === 'cut' ? cutPartsOf(whole, record) : splitPartsOf(whole, record);
}

function splitPartsOf(whole: RankedRange, { parts }: SplitRecord): AskedRange[] {
  const uppers = parts.map(({ upper }) => upper ?? whole.upper);
  return consecutive(whole, uppers).map((interval, at) => {
    const { count, digest } = parts[at]!;
    return { ...interval, theirs: count, digest, ...inCluster(whole.cluster) };
  });
}

/** A cut tells no counts but says that its parts are even. */
function cutPartsOf(whole: RankedRange, cut: CutRecord): AskedRange[] {
  const { count, shift, steps, digests } = cut;
  const parts = steps.length + 1;
  const width = digests.length / parts;
  const share = (shares: number): number => Math.floor((shares * count) / parts);
  let unit = whole.lower.hint >> BigInt(shift);
  const uppers = steps.map((step): Bound => {
    unit += step;
    const hint = unit << BigInt(shift);
    if (hint > INFINITE_HINT) throw malformed('a bound lies past infinity');
    return { hint, id: null };
  });
  return consecutive(whole, [...uppers, whole.upper]).map((interval, at) => ({
    ...interval,
    theirs: share(at + 1) - share(at),
    rough: true,
    digest: digests.subarray(at * width, (at + 1) * width),
    ...inCluster(whole.cluster),
  }));
}

function consecutive(whole: Interval, uppers: readonly Bound[]): Interval[] {
  return uppers.map((upper, at) => {
    const lower = uppers[at - 1] ?? whole.lower;
    if (compareBounds(lower, upper) >= 0) throw malformed('a split reaches out of its range');
    return { lower, upper };
  });
}
