import {
  BUCKETS,
  blockOf,
  ID_BYTES,
  type Snapshot,
  symbolsThrough,
} from '../../../../../store/index.ts';
import { LOOKUP_COST, RANK_COST } from '../../shared/index.ts';
import type { Context } from '../context.ts';
import { itemsIn, type NativeWork, type RankedRange } from '../work.ts';

/** Ids hashed at a time: they fill a good part of the fastest cache. */
const BATCH = 4_096;

/** The items of some ranges, read once, and their first coded symbols. */
export class SketchGroup {
  readonly ranges: readonly RankedRange[];
  readonly items: number;
  /** Short ids in the order of the ranges, two words each. */
  readonly shorts: Uint32Array;
  readonly buckets: Int32Array = new Int32Array(BUCKETS);
  /** Two words for each symbol; at least those of the last `prepare`. */
  cells: Uint32Array = new Uint32Array(0);
  #blocks = 0;

  constructor(ranges: readonly RankedRange[]) {
    this.ranges = ranges;
    this.items = itemsIn(ranges);
    this.shorts = new Uint32Array(2 * this.items);
  }

  /** Reads the items; `weighed` also makes the estimator's sums. */
  *read({ snapshot, coding, key, meter }: Context, weighed: boolean): NativeWork {
    let at = 0;
    for (const { begin, end } of this.ranges) {
      for (let rank = begin; rank < end; ) {
        if (meter.over) yield 'slice';
        const count = Math.min(BATCH, end - rank);
        let to = at;
        for (const ids of runsOf(snapshot, rank, rank + count)) {
          coding.shortIds(key.shortIds, ids, this.shorts, to);
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

  /** The bytes of symbols [begin, end). */
  symbolBytes(begin: number, end: number): Uint8Array {
    const words = this.cells.subarray(2 * begin, 2 * end);
    const bytes = new Uint8Array(4 * words.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i]!, true);
    return bytes;
  }
}

function runsOf(snapshot: Snapshot, begin: number, end: number): Iterable<Uint8Array> {
  return snapshot.idRuns?.(begin, end) ?? [snapshot.ids(begin, end)];
}

/** The words of received symbols. */
export function symbolWords(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
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
