import { concatBytes } from '../bytes.ts';
import { type Bound, compareKeys, ID_BYTES, type ItemKey } from '../item.ts';
import {
  evenSizes,
  packedSizes,
  type Shape,
  type Sign,
  tallyPart,
  type VectorPart,
} from './part.ts';

/** What leads from a state that is known to the one of a chunk derived from it. */
interface Lineage {
  readonly base: Uint8Array;
  readonly added: Uint8Array;
  readonly removed: Uint8Array;
}

/** Keys in order: their hints, and their ids one behind the other. */
export interface FlatKeys {
  readonly hints: BigUint64Array;
  readonly ids: Uint8Array;
}

const NO_IDS: Uint8Array = new Uint8Array(0);

/** A run of keys as two flat arrays, with a sum of its ids that is computed when first asked for. */
export class Chunk implements VectorPart {
  readonly #shape: Shape;
  readonly #hints: BigUint64Array;
  readonly #ids: Uint8Array;
  #first: ItemKey | undefined;
  #sum: Uint8Array | undefined;
  #lineage: Lineage | undefined;

  private constructor(shape: Shape, hints: BigUint64Array, ids: Uint8Array, lineage?: Lineage) {
    this.#shape = shape;
    this.#hints = hints;
    this.#ids = ids;
    this.#lineage = lineage;
  }

  /** Chunks filled to the brim with `keys`, which are in order. */
  static pack(shape: Shape, keys: readonly ItemKey[]): Chunk[] {
    return Chunk.packFlat(shape, flatten(keys));
  }

  /** Likewise. */
  static packFlat(shape: Shape, { hints, ids }: FlatKeys): Chunk[] {
    return Chunk.#cut(shape, hints, ids, packedSizes(hints.length, shape.chunkItems));
  }

  static #cut(shape: Shape, hints: BigUint64Array, ids: Uint8Array, sizes: number[]): Chunk[] {
    let at = 0;
    return sizes.map((size) => {
      const end = at + size;
      const piece = new Chunk(
        shape,
        hints.slice(at, end),
        ids.slice(at * ID_BYTES, end * ID_BYTES),
      );
      at = end;
      return piece;
    });
  }

  get size(): number {
    return this.#hints.length;
  }

  get first(): ItemKey {
    this.#first ??= this.select(0);
    return this.#first;
  }

  get last(): ItemKey {
    return this.select(this.size - 1);
  }

  select(rank: number): ItemKey {
    return {
      hint: this.#hints[rank]!,
      id: this.#ids.slice(rank * ID_BYTES, (rank + 1) * ID_BYTES),
    };
  }

  lowerBound(bound: Bound): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBelow(middle, bound)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  *keys(begin: number, end: number): Iterable<ItemKey> {
    for (let rank = begin; rank < end; rank++) yield this.select(rank);
  }

  *idRuns(begin: number, end: number): Iterable<Uint8Array> {
    yield this.#idsOf(begin, end);
  }

  copyIds(begin: number, end: number, into: Uint8Array, at: number): void {
    into.set(this.#idsOf(begin, end), at);
  }

  sum(): Uint8Array {
    this.#sum ??= this.#computeSum();
    this.#lineage = undefined;
    return this.#sum;
  }

  tally(state: Uint8Array, begin: number, end: number, sign: Sign): void {
    const { scheme } = this.#shape;
    tallyPart(this.#shape, this, state, { begin, end, sign }, (from, to, direction) => {
      if (direction === 1) scheme.add(state, this.#idsOf(from, to));
      else scheme.subtract(state, this.#idsOf(from, to));
    });
  }

  /** This chunk and `keys`, which are in order and new: one chunk, or several. */
  insert(keys: readonly ItemKey[]): Chunk[] {
    const { chunkItems } = this.#shape;
    if (compareKeys(keys[0]!, this.last) > 0) return this.#append(keys);
    const { hints, ids } = this.#merge(keys);
    if (hints.length > chunkItems) {
      return Chunk.#cut(this.#shape, hints, ids, evenSizes(hints.length, chunkItems));
    }
    return [this.#derive(hints, ids, flatten(keys).ids, NO_IDS)];
  }

  /** Without `keys`, which are all in here; null when nothing is left. */
  remove(keys: readonly ItemKey[]): Chunk | null {
    if (keys.length === this.size) return null;
    const hints = new BigUint64Array(this.size - keys.length);
    const ids = new Uint8Array(hints.length * ID_BYTES);
    const writer = new RunWriter(hints, ids);
    let from = 0;
    for (const key of keys) {
      const rank = this.lowerBound(key);
      writer.run(this.#hints.subarray(from, rank), this.#idsOf(from, rank));
      from = rank + 1;
    }
    writer.run(this.#hints.subarray(from), this.#idsOf(from, this.size));
    return this.#derive(hints, ids, NO_IDS, flatten(keys).ids);
  }

  /** This chunk and its right neighbour in one. */
  join(right: Chunk): Chunk {
    const hints = new BigUint64Array(this.size + right.size);
    hints.set(this.#hints);
    hints.set(right.#hints, this.size);
    return this.#derive(hints, concatBytes(this.#ids, right.#ids), right.#ids, NO_IDS);
  }

  /** Keys above everything in here fill this chunk first, then further ones. */
  #append(keys: readonly ItemKey[]): Chunk[] {
    const room = Math.max(0, this.#shape.chunkItems - this.size);
    if (room === 0) return [this, ...Chunk.pack(this.#shape, keys)];
    const fitting = Chunk.pack(this.#shape, keys.slice(0, room))[0]!;
    return [this.join(fitting), ...Chunk.pack(this.#shape, keys.slice(room))];
  }

  #merge(keys: readonly ItemKey[]): FlatKeys {
    const hints = new BigUint64Array(this.size + keys.length);
    const ids = new Uint8Array(hints.length * ID_BYTES);
    const writer = new RunWriter(hints, ids);
    let from = 0;
    for (const key of keys) {
      const rank = this.lowerBound(key);
      writer.run(this.#hints.subarray(from, rank), this.#idsOf(from, rank));
      writer.key(key);
      from = rank;
    }
    writer.run(this.#hints.subarray(from), this.#idsOf(from, this.size));
    return { hints, ids };
  }

  /** A chunk whose sum follows from this one's where that is cheaper than starting over. */
  #derive(hints: BigUint64Array, ids: Uint8Array, added: Uint8Array, removed: Uint8Array): Chunk {
    const known = this.#sum ? { base: this.#sum, added: NO_IDS, removed: NO_IDS } : this.#lineage;
    if (known === undefined) return new Chunk(this.#shape, hints, ids);
    const lineage = {
      base: known.base,
      added: concatBytes(known.added, added),
      removed: concatBytes(known.removed, removed),
    };
    const cheaper = lineage.added.length + lineage.removed.length < ids.length;
    return new Chunk(this.#shape, hints, ids, cheaper ? lineage : undefined);
  }

  #computeSum(): Uint8Array {
    const { scheme } = this.#shape;
    const state = scheme.empty();
    if (this.#lineage === undefined) {
      scheme.add(state, this.#ids);
    } else {
      state.set(this.#lineage.base);
      scheme.add(state, this.#lineage.added);
      scheme.subtract(state, this.#lineage.removed);
    }
    return state;
  }

  #idsOf(begin: number, end: number): Uint8Array {
    return this.#ids.subarray(begin * ID_BYTES, end * ID_BYTES);
  }

  #isBelow(rank: number, bound: Bound): boolean {
    const hint = this.#hints[rank]!;
    if (hint !== bound.hint) return hint < bound.hint;
    if (bound.id === null) return false;
    const at = rank * ID_BYTES;
    for (let i = 0; i < bound.id.length; i++) {
      const difference = this.#ids[at + i]! - bound.id[i]!;
      if (difference !== 0) return difference < 0;
    }
    return false;
  }
}

function flatten(keys: readonly ItemKey[]): FlatKeys {
  const hints = new BigUint64Array(keys.length);
  const ids = new Uint8Array(keys.length * ID_BYTES);
  const writer = new RunWriter(hints, ids);
  for (const key of keys) writer.key(key);
  return { hints, ids };
}

/** Fills a pair of flat arrays from the left. */
class RunWriter {
  readonly #hints: BigUint64Array;
  readonly #ids: Uint8Array;
  #at = 0;

  constructor(hints: BigUint64Array, ids: Uint8Array) {
    this.#hints = hints;
    this.#ids = ids;
  }

  key(key: ItemKey): void {
    this.#hints[this.#at] = key.hint;
    this.#ids.set(key.id, this.#at * ID_BYTES);
    this.#at++;
  }

  run(hints: BigUint64Array, ids: Uint8Array): void {
    if (hints.length === 0) return;
    this.#hints.set(hints, this.#at);
    this.#ids.set(ids, this.#at * ID_BYTES);
    this.#at += hints.length;
  }
}
