import type { FingerprintScheme } from '../fingerprint/scheme.ts';
import { type Bound, compareBounds, compareKeys, ID_BYTES, type ItemKey } from '../item.ts';
import { Branch } from '../vector/branch.ts';
import type { FlatKeys } from '../vector/chunk.ts';
import { insertKeys, type Root, removeKeys, rootOf } from '../vector/edit.ts';
import type { Shape } from '../vector/part.ts';

/** The keys from `first` to `last`, both included. */
export interface KeyRange {
  readonly first: ItemKey;
  readonly last: ItemKey;
}

/** Sizes of its parts; see `SortedVectorInit`. */
export type WriteBufferInit = Pick<Shape, 'scheme'> & Partial<Shape>;

/** Keys that left a buffer, ascending, and what it is without them. */
export interface Taken {
  readonly keys: readonly ItemKey[];
  readonly rest: WriteBuffer;
}

/** Ascending keys. */
type Batch = readonly ItemKey[];

/** Keys in batches that wait to be worked in: many at a time fall into few parts. */
const TAIL_KEYS = 8_192;

interface Contents {
  readonly root: Root;
  /** Batches that are not in `root` yet. */
  readonly tail: readonly Batch[];
  /** Keys that came since everything was summed. */
  readonly fresh: number;
  /** Where summing goes on. */
  readonly summedTo: number;
}

/**
 * Keys on their way into a tree on disk, with sums of their own. Immutable: a write gives a new buffer
 * that shares what it did not touch, so whoever holds an old one keeps a snapshot. Batches are worked
 * in, and sums computed, when somebody asks, or when too many are waiting.
 */
export class WriteBuffer {
  readonly size: number;
  readonly #shape: Shape;
  #contents: Contents;

  private constructor(shape: Shape, contents: Contents) {
    this.#shape = shape;
    this.#contents = contents;
    this.size = contents.root.size + tailKeys(contents.tail);
  }

  static empty({ scheme, chunkItems = 64, groupChunks = 64 }: WriteBufferInit): WriteBuffer {
    const shape = { scheme, chunkItems, groupChunks };
    const root: Root = new Branch(shape, []);
    return new WriteBuffer(shape, { root, tail: [], fresh: 0, summedTo: 0 });
  }

  /** Of keys that ascend. */
  static of(init: WriteBufferInit, keys: FlatKeys): WriteBuffer {
    const empty = WriteBuffer.empty(init);
    const root = rootOf(empty.#shape, keys);
    return new WriteBuffer(empty.#shape, { ...empty.#contents, root, fresh: root.size });
  }

  get scheme(): FingerprintScheme {
    return this.#shape.scheme;
  }

  /** Ids that the next fingerprint may have to sum first, at the most. */
  get unsummed(): number {
    return Math.min(this.size, this.#contents.fresh);
  }

  /** With `keys`, which ascend and are new. */
  insert(keys: readonly ItemKey[]): WriteBuffer {
    if (keys.length === 0) return this;
    const { tail, fresh } = this.#contents;
    if (keys.length >= TAIL_KEYS) {
      const root = insertKeys(this.#shape, this.#fold(), keys);
      const contents = { ...this.#contents, root, fresh: fresh + keys.length };
      return new WriteBuffer(this.#shape, contents);
    }
    const batch = keys.map(({ hint, id }) => ({ hint, id: id.slice() }));
    const next = { ...this.#contents, tail: [...tail, batch], fresh: fresh + batch.length };
    const buffer = new WriteBuffer(this.#shape, next);
    if (tailKeys(next.tail) >= TAIL_KEYS) buffer.#fold();
    return buffer;
  }

  /** Without the keys of `range`. */
  without({ first, last }: KeyRange): WriteBuffer {
    const { root, tail } = this.#contents;
    const begin = root.lowerBound(first);
    const held = [...root.keys(begin, rankBehind(root, last))];
    return this.#with(
      removeKeys(this.#shape, root, held),
      tail.map((batch) => batch.filter((key) => isOutside(key, first, last))),
    );
  }

  /**
   * Takes about `count` keys from those above `behind` (null: from the first on), none when there are
   * no more. Going on behind the last key taken, one comes by every key that was there at the start.
   */
  take(behind: ItemKey | null, count: number): Taken {
    if (behind === null) this.#fold();
    const { root, tail } = this.#contents;
    const begin = behind === null ? 0 : rankBehind(root, behind);
    const held = [...root.keys(begin, Math.min(root.size, begin + count))];
    const [first, last] = [held[0], held.at(-1)];
    if (first === undefined || last === undefined) return { keys: [], rest: this };
    const late = tail.flatMap((batch) => batch.filter((key) => !isOutside(key, first, last)));
    const rest = this.#with(
      removeKeys(this.#shape, root, held),
      tail.map((batch) => batch.filter((key) => isOutside(key, first, last))),
    );
    return { keys: late.length === 0 ? held : [...held, ...late].sort(compareKeys), rest };
  }

  /** Sums some of what is not summed yet, at most about 4,096 ids; call it until nothing is unsummed. */
  sumSome(): WriteBuffer {
    const root = this.#fold();
    const group = root.children[this.#contents.summedTo];
    group?.sum();
    const summedTo = this.#contents.summedTo + 1;
    const through = summedTo >= root.children.length;
    const progress = through ? { fresh: 0, summedTo: 0 } : { summedTo };
    return new WriteBuffer(this.#shape, { ...this.#contents, ...progress });
  }

  /** Sums what is not summed yet, in steps of at most about 4,096 ids. */
  *sumSteps(): Generator<void, void> {
    for (const group of this.#fold().children) {
      group.sum();
      yield;
    }
  }

  select(rank: number): ItemKey {
    return this.#fold().select(rank);
  }

  lowerBound(bound: Bound): number {
    return this.#fold().lowerBound(bound);
  }

  has(key: ItemKey): boolean {
    const rank = this.lowerBound(key);
    return rank < this.size && compareKeys(this.select(rank), key) === 0;
  }

  keys(begin: number, end: number): Iterable<ItemKey> {
    return this.#fold().keys(begin, end);
  }

  ids(begin: number, end: number): Uint8Array {
    const ids = new Uint8Array((end - begin) * ID_BYTES);
    this.#fold().copyIds(begin, end, ids, 0);
    return ids;
  }

  /** Shared where the range is everything: not to be written to. */
  fingerprint(begin: number, end: number): Uint8Array {
    const root = this.#fold();
    if (begin === 0 && end === this.size) return root.sum();
    const state = this.scheme.empty();
    root.tally(state, begin, end, 1);
    return state;
  }

  /** Works the waiting batches in; the keys are the same as before. */
  #fold(): Root {
    const { root, tail } = this.#contents;
    if (tail.length === 0) return root;
    const keys = tail.flat();
    const folded = insertKeys(this.#shape, root, tail.length === 1 ? keys : keys.sort(compareKeys));
    this.#contents = { ...this.#contents, root: folded, tail: [] };
    return folded;
  }

  #with(root: Root, tail: readonly Batch[]): WriteBuffer {
    const waiting = tail.filter((batch) => batch.length > 0);
    return new WriteBuffer(this.#shape, { ...this.#contents, root, tail: waiting });
  }
}

function tailKeys(tail: readonly Batch[]): number {
  return tail.reduce((sum, batch) => sum + batch.length, 0);
}

/** Rank of the first key above `key`. */
function rankBehind(root: Root, key: ItemKey): number {
  const rank = root.lowerBound(key);
  const there = rank < root.size && compareKeys(root.select(rank), key) === 0;
  return there ? rank + 1 : rank;
}

function isOutside(key: ItemKey, first: ItemKey, last: ItemKey): boolean {
  return compareBounds(key, first) < 0 || compareBounds(key, last) > 0;
}
