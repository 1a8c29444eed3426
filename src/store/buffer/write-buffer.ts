import type { Bytes } from '../bytes.ts';
import type { FingerprintScheme } from '../fingerprint/index.ts';
import { invariant } from '../invariant.ts';
import { type Bound, compareKeys, type HeldKey, type ItemKey } from '../item.ts';
import { holdsKey, rankBehind } from '../ranks.ts';
import { HeapTree, type KeyRun, type LazyRef, lazyNodes, runOf } from '../tree/index.ts';
import type { SortedVectorInit } from '../vector/index.ts';
import {
  inOrder,
  keyCount,
  keysOutside,
  keysWithin,
  NO_KEYS,
  pieces,
  withBatch,
} from './key-batches.ts';

/** The keys from `first` to `last`, both included. */
export interface KeyRange {
  readonly first: ItemKey;
  readonly last: ItemKey;
}

/** Sizes of its parts, and of what waits before them. */
export interface WriteBufferInit extends SortedVectorInit {
  /**
   * Keys that wait in batches before they are worked in. Raising it lets more keys fall into one part,
   * and lets the next query take longer.
   * @default 8_192
   */
  tailKeys?: number;
  /** Of these, keys worked in with each new batch. Raising it makes that batch slower. @default 1_024 */
  dueKeys?: number;
}

/** Keys that left a buffer, ascending, and the buffer without them. */
export interface Taken {
  readonly keys: readonly ItemKey[];
  readonly rest: WriteBuffer;
}

const TAIL_KEYS = 8_192;
const DUE_KEYS = 1_024;

type BufferShape = Required<Pick<WriteBufferInit, 'tailKeys' | 'dueKeys'>>;

interface Contents {
  readonly root: HeapTree<LazyRef>;
  /** Keys that are not in `root` yet: objects for them would outlive two collections of garbage. */
  readonly tail: readonly KeyRun[];
  readonly tailSize: number;
  /** Batches cut from the tail; each new batch works one of them into `root`. */
  readonly due: readonly KeyRun[];
  /** Keys that may not be summed. */
  readonly unsummed: number;
  /** Of these, the keys that came, or waited, since summing last began with the first group. */
  readonly deferred: number;
  readonly summedTo: number;
}

const NO_TAIL = { tail: [], tailSize: 0 };

/** Groups summed at a time: two keep ahead of batches of a thousand keys. */
const SUM_GROUPS = 2;

/** Leaves summed in a step. */
const SUM_LEAVES = 16;

/**
 * Keys on their way into a tree on disk, with sums of their own. Immutable: a write gives a new buffer
 * that shares untouched parts, so an old buffer is a snapshot. Batches are worked in, and sums computed,
 * when a query asks, or when too many wait.
 */
export class WriteBuffer {
  readonly size: number;
  readonly #shape: BufferShape;
  #contents: Contents;

  private constructor(shape: BufferShape, contents: Contents) {
    this.#shape = shape;
    this.#contents = contents;
    this.size = contents.root.size + contents.tailSize + keyCount(contents.due);
  }

  static empty(init: WriteBufferInit): WriteBuffer {
    const { scheme, chunkItems = 64, groupChunks = 64 } = init;
    const { tailKeys = TAIL_KEYS, dueKeys = DUE_KEYS } = init;
    const nodes = lazyNodes({ scheme, leafItems: chunkItems, fanout: groupChunks });
    const root = new HeapTree(nodes);
    const sums = { unsummed: 0, deferred: 0, summedTo: 0 };
    return new WriteBuffer({ tailKeys, dueKeys }, { root, ...NO_TAIL, due: [], ...sums });
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

  /** Most ids that the next fingerprint may have to sum first. */
  get unsummed(): number {
    return Math.min(this.size, this.#contents.unsummed);
  }

  /** With `keys`, which ascend and are new. */
  insert(keys: readonly ItemKey[]): WriteBuffer {
    if (keys.length === 0) return this;
    const longer = this.#with(keys);
    const sizes = [this.size, longer.size];
    invariant(longer.size === this.size + keys.length, 'commit', 'BUFFER_INSERTED', sizes);
    return longer;
  }

  #with(keys: readonly ItemKey[]): WriteBuffer {
    const { unsummed, deferred, tail, tailSize } = this.#contents;
    const counts = { unsummed: unsummed + keys.length, deferred: deferred + keys.length };
    const batch = runOf(keys);
    if (batch.length >= this.#shape.tailKeys) {
      const root = this.#fold().insert(batch);
      return new WriteBuffer(this.#shape, { ...this.#contents, ...counts, root });
    }
    const longer = { tail: withBatch(tail, batch), tailSize: tailSize + batch.length };
    const contents = this.#advanced({ ...this.#contents, ...counts, ...longer });
    return new WriteBuffer(this.#shape, contents);
  }

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

  /** Takes about `count` keys above `behind` (null: from the first on); none at the end. */
  take(behind: ItemKey | null, count: number): Taken {
    const { begin, end } = this.#span(behind, count);
    const { root, tail, due } = this.#contents;
    const held = [...root.keys(begin, end)];
    const [first, last] = [held[0], held.at(-1)];
    if (first === undefined || last === undefined) return { keys: [], rest: this };
    const late = [...due, ...tail].flatMap((batch) => keysWithin(batch, first, last));
    const rest = this.#without(held, first, last);
    const taken = held.length + late.length;
    invariant(rest.size + taken === this.size, 'commit', 'BUFFER_TAKEN', [taken, rest.size]);
    return { keys: late.length === 0 ? held : [...held, ...late].sort(compareKeys), rest };
  }

  /** Sums some unsummed keys; call it with every batch once many are unsummed. */
  sumSome(): WriteBuffer {
    const { root, tailSize, due, deferred, summedTo } = this.#contents;
    const groups = root.groups();
    const next = summedTo + SUM_GROUPS;
    for (const group of groups.slice(summedTo, next)) root.sum(group);
    const waiting = tailSize + keyCount(due);
    const begun = summedTo === 0 ? { deferred: waiting } : { deferred };
    const progress =
      next < groups.length
        ? { ...begun, summedTo: next }
        : { unsummed: begun.deferred, summedTo: 0 };
    return new WriteBuffer(this.#shape, { ...this.#contents, ...progress });
  }

  /** Works in and sums all keys, in steps of at most about 1,024 ids: the next query is quick. */
  *sumSteps(): Generator<void, void> {
    yield* this.#foldSteps();
    const root = this.#fold();
    for (const group of root.groups()) {
      yield* root.sumSteps(group, SUM_LEAVES);
      yield;
    }
  }

  select(rank: number): HeldKey {
    return this.#fold().select(rank);
  }

  lowerBound(bound: Bound): number {
    return this.#fold().lowerBound(bound);
  }

  has(key: ItemKey): boolean {
    return holdsKey(this, key);
  }

  keys(begin: number, end: number): Iterable<HeldKey> {
    return this.#fold().keys(begin, end);
  }

  ids(begin: number, end: number): Bytes {
    return this.#fold().ids(begin, end);
  }

  /** Shared where the range is everything: not to be written to. */
  fingerprint(begin: number, end: number): Uint8Array {
    return this.#fold().fingerprint(begin, end);
  }

  /** Ranks in the root of the `count` keys above `behind`; at the start all batches are worked in. */
  #span(behind: ItemKey | null, count: number): { begin: number; end: number } {
    const root = behind === null ? this.#fold() : this.#contents.root;
    const begin = behind === null ? 0 : rankBehind(root, behind);
    return { begin, end: Math.min(root.size, begin + count) };
  }

  #fold(): HeapTree<LazyRef> {
    const { root, tail, due } = this.#contents;
    const waiting = [...due, ...tail];
    if (waiting.length === 0) return root;
    const folded = root.insert(inOrder(waiting));
    invariant(folded.size === this.size, 'commit', 'BUFFER_FOLDED', [this.size, folded.size]);
    this.#contents = { ...this.#contents, root: folded, ...NO_TAIL, due: [] };
    return folded;
  }

  /** Queries may come, and fold what is left, between two steps. */
  *#foldSteps(): Generator<void, void> {
    const { tail, due } = this.#contents;
    const waiting = pieces([...due, ...tail], this.#shape.dueKeys);
    this.#contents = { ...this.#contents, ...NO_TAIL, due: waiting };
    while (this.#contents.due.length > 0) {
      const [piece, ...rest] = this.#contents.due;
      const root = this.#contents.root.insert(piece!);
      this.#contents = { ...this.#contents, root, due: rest };
      yield;
    }
  }

  /** Works one due batch in, and cuts a long tail into due batches. */
  #advanced(contents: Contents): Contents {
    const { tail, tailSize, due } = contents;
    const long = tailSize >= this.#shape.tailKeys;
    const [piece, ...rest] = due;
    const work = long ? inOrder(due) : (piece ?? NO_KEYS);
    const root = work.length === 0 ? contents.root : contents.root.insert(work);
    if (!long) return { ...contents, root, due: rest };
    return { ...contents, root, ...NO_TAIL, due: pieces(tail, this.#shape.dueKeys) };
  }

  /** Without `held`, which are the keys from `first` to `last` in the root, and without those that wait. */
  #without(held: readonly ItemKey[], first: ItemKey, last: ItemKey): WriteBuffer {
    const outside = (batches: readonly KeyRun[]): KeyRun[] =>
      batches.map((batch) => keysOutside(batch, first, last)).filter((batch) => batch.length > 0);
    const { root, due } = this.#contents;
    const tail = outside(this.#contents.tail);
    return new WriteBuffer(this.#shape, {
      ...this.#contents,
      root: root.remove(runOf(held)),
      tail,
      tailSize: keyCount(tail),
      due: outside(due),
    });
  }
}
