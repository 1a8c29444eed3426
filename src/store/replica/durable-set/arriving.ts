import { bytesToKey } from '../../bytes.ts';
import { invariant } from '../../invariant.ts';
import type { Item } from '../../item.ts';
import type { BatchSink } from '../../level/index.ts';
import { type ArrivalHead, ArrivalRecord, MAX_ARRIVALS, type SetKeys } from '../records/index.ts';

/** Items from this position on, up to the next run, came from one source. */
export interface SourceRun {
  readonly from: number;
  /** A peer; null for items put here. */
  readonly source: string | null;
}

/** How the items of a commit arrive. */
export interface AddOptions {
  /** In order; the first begins with 0. @default all items were put here */
  readonly sources?: readonly SourceRun[] | undefined;
  /** Places of items that are in the order already, by `bytesToKey` of their ids. @default none */
  readonly placed?: ReadonlyMap<string, number>;
}

export interface ArrivingInit extends ArrivalHead, AddOptions {
  readonly keys: SetKeys;
  readonly order: bigint;
  /** The last place given before. */
  readonly last: number;
}

const PUT_HERE: readonly SourceRun[] = [{ from: 0, source: null }];

/** The places that the items of a commit get in the order of arrival: in their own order, one each. */
export class Arriving {
  readonly #init: ArrivingInit;
  readonly #items: readonly Item[];
  /** The place of each item. */
  readonly #seqs: Float64Array;
  /** Positions of the items that are new in the order. */
  readonly #fresh: Uint32Array;

  constructor(init: ArrivingInit, items: readonly Item[]) {
    const { last, placed } = init;
    this.#init = init;
    this.#items = items;
    this.#seqs = new Float64Array(items.length);
    const fresh = new Uint32Array(items.length);
    let count = 0;
    for (let i = 0; i < items.length; i++) {
      const known = placed === undefined ? undefined : placed.get(bytesToKey(items[i]!.id));
      if (known === undefined) fresh[count++] = i;
      else invariant(known > 0 && known <= last, 'commit', 'ARRIVAL_PLACE', [known, last]);
      this.#seqs[i] = known ?? last + count;
    }
    this.#fresh = fresh.subarray(0, count);
  }

  /** The last place given. */
  get last(): number {
    return this.#init.last + this.#fresh.length;
  }

  seq(position: number): number {
    return this.#seqs[position]!;
  }

  fill(sink: BatchSink): void {
    for (let begin = 0; begin < this.#fresh.length; begin += MAX_ARRIVALS) {
      this.#fillPart(sink, this.#fresh.subarray(begin, begin + MAX_ARRIVALS));
    }
  }

  #fillPart(sink: BatchSink, positions: Uint32Array): void {
    const { keys, order, commit, at, sources: runs = PUT_HERE } = this.#init;
    const names = new Set<string>();
    for (const { source } of runs) if (source !== null) names.add(source);
    const sources = [...names];
    const record = new ArrivalRecord({ commit, at, entries: positions.length, sources });
    let run = -1;
    let source = 0;
    for (const position of positions) {
      while (run + 1 < runs.length && runs[run + 1]!.from <= position) {
        run++;
        source = 1 + sources.indexOf(runs[run]!.source ?? '');
      }
      const item = this.#items[position]!;
      record.add(item, item.payload.length, source);
    }
    sink.put(keys.arrivals(order, this.seq(positions[0]!)), record.sealed());
  }
}
