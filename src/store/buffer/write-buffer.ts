import type { FingerprintScheme } from '../fingerprint/index.ts';
import { type Bound, compareBounds, compareKeys, type ItemKey } from '../item.ts';
import { holdsKey, rankBehind } from '../ranks.ts';
import { HeapTree, type KeyRun, type LazyRef, lazyNodes, runOf } from '../tree/index.ts';
import type { SortedVectorInit } from '../vector/index.ts';
import { keyCount, PendingBatches, type SortedKeys } from './pending-batches.ts';

/** The keys from `first` to `last`, both included. */
export interface KeyRange {
  readonly first: ItemKey;
  readonly last: ItemKey;
}

/** Sizes of its parts, and of what waits before them. */
export interface WriteBufferInit extends SortedVectorInit {
  /**
   * Keys that wait in batches before they are worked in. Raising it lets more keys fall into one part,
   * and the next query wait longer for them.
   * @default 8_192
   */
  tailKeys?: number;
  /** Of these, keys worked in with one batch. Raising it lets that batch wait longer. @default 1_024 */
  dueKeys?: number;
}

/** Keys that left a buffer, ascending, and what it is without them. */
export interface Taken {
  readonly keys: readonly ItemKey[];
  readonly rest: WriteBuffer;
}

/** Many keys at a time fall into few parts. */
const TAIL_KEYS = 8_192;

/** Not all at a time, lest everybody else wait too long. */
const DUE_KEYS = 1_024;

type BufferShape = Required<Pick<WriteBufferInit, 'tailKeys' | 'dueKeys'>>;

interface Contents {
  readonly root: HeapTree<LazyRef>;
  /** Batches that are not in `root` yet. */
  readonly tail: PendingBatches;
  /** Batches, each above the one before it, that are being worked in: one with every batch that comes. */
  readonly due: readonly SortedKeys[];
  /** Keys that may not be summed. */
  readonly unsummed: number;
  /** Of these, the keys that came, or waited, since summing last began with the first group. */
  readonly deferred: number;
  /** Group that summing goes on with. */
  readonly summedTo: number;
}

/** Groups summed at a time: two keep ahead of batches of a thousand keys. */
const SUM_GROUPS = 2;

/**
 * Keys on their way into a tree on disk, with sums of their own. Immutable: a write gives a new buffer
 * that shares what it did not touch, so whoever holds an old one keeps a snapshot. Batches are worked
 * in, and sums computed, when somebody asks, or when too many are waiting.
 */
export class WriteBuffer {
  readonly size: number;
  readonly #shape: BufferShape;
  #contents: Contents;

  private constructor(shape: BufferShape, contents: Contents) {
    this.#shape = shape;
    this.#contents = contents;
    this.size = contents.root.size + contents.tail.size + keyCount(contents.due);
  }

  static empty(init: WriteBufferInit): WriteBuffer {
    const { scheme, chunkItems = 64, groupChunks = 64 } = init;
    const { tailKeys = TAIL_KEYS, dueKeys = DUE_KEYS } = init;
    const nodes = lazyNodes({ scheme, leafItems: chunkItems, fanout: groupChunks });
    return new WriteBuffer(
      { tailKeys, dueKeys },
      {
        root: new HeapTree(nodes),
        tail: PendingBatches.NONE,
        due: [],
        unsummed: 0,
        deferred: 0,
        summedTo: 0,
      },
    );
  }

  /** Of keys that ascend. */
  static of(init: WriteBufferInit, keys: KeyRun): WriteBuffer {
    const empty = WriteBuffer.empty(init);
    const root = empty.#contents.root.insert(keys);
    return new WriteBuffer(empty.#shape, { ...empty.#contents, root, unsummed: root.size });
  }

  get scheme(): FingerprintScheme {
    return this.#contents.root.scheme;
  }

  /** Ids that the next fingerprint may have to sum first, at the most. */
  get unsummed(): number {
    return Math.min(this.size, this.#contents.unsummed);
  }

  /** With `keys`, which ascend and are new. */
  insert(keys: readonly ItemKey[]): WriteBuffer {
    if (keys.length === 0) return this;
    const { unsummed, deferred } = this.#contents;
    const counts = { unsummed: unsummed + keys.length, deferred: deferred + keys.length };
    if (keys.length >= this.#shape.tailKeys) {
      const root = this.#fold().insert(runOf(keys));
      return new WriteBuffer(this.#shape, { ...this.#contents, ...counts, root });
    }
    const batch = keys.map(({ hint, id }) => ({ hint, id: id.slice() }));
    const tail = this.#contents.tail.with(batch);
    return new WriteBuffer(this.#shape, this.#advanced({ ...this.#contents, ...counts, tail }));
  }

  /** Without the keys of `range`. */
  without({ first, last }: KeyRange): WriteBuffer {
    const { root } = this.#contents;
    const begin = root.lowerBound(first);
    const held = [...root.keys(begin, rankBehind(root, last))];
    return this.#without(held, first, last);
  }

  /** First and last of the `count` keys above `behind` (null: from the first on), or null. */
  reach(behind: ItemKey | null, count: number): KeyRange | null {
    const { begin, end } = this.#span(behind, count);
    const { root } = this.#contents;
    return begin < end ? { first: root.select(begin), last: root.select(end - 1) } : null;
  }

  /**
   * Takes about `count` keys from those above `behind` (null: from the first on), none when there are
   * no more. Going on behind the last key taken, one comes by every key that was there at the start.
   */
  take(behind: ItemKey | null, count: number): Taken {
    const { begin, end } = this.#span(behind, count);
    const { root, tail, due } = this.#contents;
    const held = [...root.keys(begin, end)];
    const [first, last] = [held[0], held.at(-1)];
    if (first === undefined || last === undefined) return { keys: [], rest: this };
    const waiting = [...due, ...tail.batches];
    const late = waiting.flatMap((batch) => batch.filter((key) => !isOutside(key, first, last)));
    const rest = this.#without(held, first, last);
    return { keys: late.length === 0 ? held : [...held, ...late].sort(compareKeys), rest };
  }

  /** Sums some of what is not summed yet; call it with every batch once much is unsummed. */
  sumSome(): WriteBuffer {
    const { root, tail, due, deferred, summedTo } = this.#contents;
    const groups = root.groups();
    const next = summedTo + SUM_GROUPS;
    for (const group of groups.slice(summedTo, next)) root.sum(group);
    const waiting = tail.size + keyCount(due);
    const begun = summedTo === 0 ? { deferred: waiting } : { deferred };
    const progress =
      next < groups.length
        ? { ...begun, summedTo: next }
        : { unsummed: begun.deferred, summedTo: 0 };
    return new WriteBuffer(this.#shape, { ...this.#contents, ...progress });
  }

  /** Sums what is not summed yet, in steps of at most about 4,096 ids. */
  *sumSteps(): Generator<void, void> {
    const root = this.#fold();
    for (const group of root.groups()) {
      root.sum(group);
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
    return holdsKey(this, key);
  }

  keys(begin: number, end: number): Iterable<ItemKey> {
    return this.#fold().keys(begin, end);
  }

  ids(begin: number, end: number): Uint8Array {
    return this.#fold().ids(begin, end);
  }

  /** Shared where the range is everything: not to be written to. */
  fingerprint(begin: number, end: number): Uint8Array {
    return this.#fold().fingerprint(begin, end);
  }

  /** Ranks in the root of the `count` keys above `behind`; at the start everything is worked in. */
  #span(behind: ItemKey | null, count: number): { begin: number; end: number } {
    const root = behind === null ? this.#fold() : this.#contents.root;
    const begin = behind === null ? 0 : rankBehind(root, behind);
    return { begin, end: Math.min(root.size, begin + count) };
  }

  /** Works the waiting batches in; the keys are the same as before. */
  #fold(): HeapTree<LazyRef> {
    const { root, tail, due } = this.#contents;
    const waiting = [...due, ...tail.batches];
    if (waiting.length === 0) return root;
    const folded = root.insert(runOf(inOrder(waiting)));
    this.#contents = { ...this.#contents, root: folded, tail: PendingBatches.NONE, due: [] };
    return folded;
  }

  /** With a piece of what is due worked in, and the tail made due when it has grown long. */
  #advanced(contents: Contents): Contents {
    const long = contents.tail.size >= this.#shape.tailKeys;
    const cut = (): Pick<Contents, 'tail' | 'due'> => ({
      tail: PendingBatches.NONE,
      due: pieces(contents.tail.batches, this.#shape.dueKeys),
    });
    const [piece, ...rest] = contents.due;
    if (piece === undefined) return long ? { ...contents, ...cut() } : contents;
    const root = contents.root.insert(runOf(long ? inOrder(contents.due) : piece));
    return { ...contents, root, ...(long ? cut() : { due: rest }) };
  }

  /** Without `held`, which are the keys from `first` to `last` in the root, and without those that wait. */
  #without(held: readonly ItemKey[], first: ItemKey, last: ItemKey): WriteBuffer {
    const outside = (batches: readonly SortedKeys[]): SortedKeys[] =>
      batches
        .map((batch) => batch.filter((key) => isOutside(key, first, last)))
        .filter((batch) => batch.length > 0);
    const { root, tail, due } = this.#contents;
    return new WriteBuffer(this.#shape, {
      ...this.#contents,
      root: root.remove(runOf(held)),
      tail: PendingBatches.of(outside(tail.batches)),
      due: outside(due),
    });
  }
}

function inOrder(batches: readonly SortedKeys[]): SortedKeys {
  const [only] = batches;
  return batches.length === 1 ? only! : batches.flat().sort(compareKeys);
}

/** The keys of the batches in order, cut into batches of `size`. */
function pieces(batches: readonly SortedKeys[], size: number): SortedKeys[] {
  const keys = inOrder(batches);
  const count = Math.ceil(keys.length / size);
  return Array.from({ length: count }, (_, i) => keys.slice(size * i, size * (i + 1)));
}

function isOutside(key: ItemKey, first: ItemKey, last: ItemKey): boolean {
  return compareBounds(key, first) < 0 || compareBounds(key, last) > 0;
}
