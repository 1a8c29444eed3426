import {
  BUCKETS,
  blockOf,
  ID_BYTES,
  type ShortIdForm,
  type Snapshot,
  symbolsThrough,
} from '../../../../../store/index.ts';
import { LOOKUP_COST, RANK_COST } from '../../shared/index.ts';
import { NARROW_SYMBOL_BYTES, SYMBOL_BYTES } from '../constants.ts';
import type { Context } from '../context.ts';
import { itemsIn, type NativeWork, type RankedRange } from '../work.ts';
import type { Shorts } from './peel.ts';
import { ShortsPool } from './shorts-pool.ts';

/** Ids hashed at a time: they fill a good part of the fastest cache. */
const BATCH = 4_096;

/** Shared by all sessions, and bounded. */
const pool = new ShortsPool();
const FREED: Shorts = new Uint32Array(0);

/** The items of some ranges, read once, and their first coded symbols. */
export class SketchGroup {
  readonly ranges: readonly RankedRange[];
  readonly items: number;
  /** Short ids in the order of the ranges, two words each; none before `read` and after `free`. */
  shorts: Shorts = FREED;
  readonly buckets: Int32Array = new Int32Array(BUCKETS);
  /** Two words for each symbol; at least those of the last `prepare`. */
  cells: Uint32Array = new Uint32Array(0);
  readonly form: ShortIdForm;
  #blocks = 0;

  constructor(ranges: readonly RankedRange[], form: ShortIdForm) {
    this.ranges = ranges;
    this.form = form;
    this.items = itemsIn(ranges);
  }

  /** Reads the items; `weighed` also makes the estimator's sums. */
  *read({ snapshot, coding, key, meter }: Context, weighed: boolean): NativeWork {
    this.shorts = pool.take(this.items);
    let at = 0;
    for (const { begin, end } of this.ranges) {
      for (let rank = begin; rank < end; ) {
        if (meter.over) yield 'slice';
        const count = Math.min(BATCH, end - rank);
        let to = at;
        for (const ids of runsOf(snapshot, rank, rank + count)) {
          coding.shortIds(key.shortIds, ids, this.shorts, to, this.form);
          to += ids.length / ID_BYTES;
        }
        if (weighed) coding.weigh(this.buckets, this.shorts, at, at + count);
        meter.spend(count);
        at += count;
        rank += count;
      }
    }
  }

  /** Makes the first `symbols` symbols; call `read` first. */
  *prepare({ coding, meter }: Context, symbols: number): NativeWork {
    const last = blockOf(symbols - 1);
    if (last < this.#blocks) return;
    const cells = new Uint32Array(2 * symbolsThrough(last));
    cells.set(this.cells);
    this.cells = cells;
    const first = this.#blocks;
    for (let begin = 0; begin < this.items; ) {
      if (meter.over) yield 'slice';
      const end = Math.min(this.items, begin + Math.max(BATCH, meter.left));
      coding.toggle(cells, this.shorts, { begin, end, first, last });
      meter.spend(end - begin);
      begin = end;
    }
    this.#blocks = last + 1;
  }

  /** Gives the memory of the short ids back: nothing more is decoded or looked up. */
  free(): void {
    pool.give(this.shorts);
    this.shorts = FREED;
  }

  /** The id of the item at a position in `shorts`. */
  idAt({ snapshot, meter }: Context, position: number): Uint8Array {
    let rest = position;
    for (const { begin, end } of this.ranges) {
      if (rest < end - begin) {
        meter.spend(LOOKUP_COST, RANK_COST);
        return snapshot.ids(begin + rest, begin + rest + 1);
      }
      rest -= end - begin;
    }
    throw new RangeError(`there is no item ${position} in a group of ${this.items}`);
  }

  get narrow(): boolean {
    return this.form === 'narrow';
  }

  /** Bytes of a symbol. */
  get width(): number {
    return this.narrow ? NARROW_SYMBOL_BYTES : SYMBOL_BYTES;
  }

  /** The bytes of symbols [begin, end). */
  symbolBytes(begin: number, end: number): Uint8Array {
    const { width } = this;
    const bytes = new Uint8Array(width * (end - begin));
    const view = new DataView(bytes.buffer);
    for (let i = begin, at = 0; i < end; i++, at += width) {
      view.setUint16(at, this.cells[2 * i]! & 0xffff, true);
      if (!this.narrow) view.setUint16(at + 2, this.cells[2 * i]! >>> 16, true);
      view.setUint32(at + width - 4, this.cells[2 * i + 1]!, true);
    }
    return bytes;
  }
}

function runsOf(snapshot: Snapshot, begin: number, end: number): Iterable<Uint8Array> {
  return snapshot.idRuns?.(begin, end) ?? [snapshot.ids(begin, end)];
}

/** The words of received symbols. */
export function symbolWords(bytes: Uint8Array, narrow: boolean): Uint32Array {
  const width = narrow ? NARROW_SYMBOL_BYTES : SYMBOL_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = new Uint32Array((2 * bytes.length) / width);
  for (let i = 0, at = 0; at < bytes.length; i += 2, at += width) {
    const high = view.getUint32(at + width - 4, true);
    const middle = narrow ? high & 0xffff : view.getUint16(at + 2, true);
    words[i] = (middle << 16) | view.getUint16(at, true);
    words[i + 1] = high;
  }
  return words;
}

/** The ids at positions of a group, concatenated in the order of `positions`. */
export function* idsAt(
  group: SketchGroup,
  context: Context,
  positions: readonly number[],
): NativeWork<Uint8Array> {
  const ids = new Uint8Array(positions.length * ID_BYTES);
  for (const [i, position] of positions.entries()) {
    if (context.meter.over) yield 'slice';
    ids.set(group.idAt(context, position), i * ID_BYTES);
  }
  return ids;
}
