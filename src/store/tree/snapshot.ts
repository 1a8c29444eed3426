import { equalBytes } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import type { FingerprintScheme } from '../fingerprint/index.ts';
import { partOffset } from '../fingerprint/index.ts';
import type { Bound, ItemKey } from '../item.ts';
import type { Snapshot } from '../storage.ts';
import type { NodeReader } from './node-store.ts';
import {
  copyIds,
  countBelow,
  leafEdge,
  leafRanges,
  lowerBound,
  select,
  type TreeView,
} from './read.ts';
import { idsOf, keyAt } from './run.ts';
import { splitStates } from './split.ts';
import { rangeState } from './tally.ts';

/** What a snapshot holds on to while it is in use. */
export interface Lease {
  /** Throws `SNAPSHOT_RELEASED` or `SNAPSHOT_EXPIRED` when there is nothing held any more. */
  check(): void;
  /** Idempotent. */
  release(): void;
}

export interface TreeSnapshotInit<Ref> {
  scheme: FingerprintScheme;
  size: number;
  view: TreeView<Ref>;
  /** Whether the whole set held the id at the time of the snapshot. */
  contains: (id: Uint8Array) => boolean;
  lease: Lease;
}

/** A root that no write touches: taking it costs nothing, whatever the size of the set. */
export class TreeSnapshot<Ref> implements Snapshot {
  readonly scheme: FingerprintScheme;
  readonly size: number;
  readonly #init: TreeSnapshotInit<Ref>;

  constructor(init: TreeSnapshotInit<Ref>) {
    this.scheme = init.scheme;
    this.size = init.size;
    this.#init = init;
  }

  select(rank: number): ItemKey {
    const view = this.#use();
    if (Number.isInteger(rank) && rank >= 0 && rank < this.size) return select(view, rank);
    throw new StoreError(
      'RANK_OUT_OF_RANGE',
      `there is no rank ${rank}: the set has ${this.size} items, ranks start at 0`,
    );
  }

  lowerBound(bound: Bound): number {
    return lowerBound(this.#use(), bound);
  }

  /** See `countBelow` in read.ts. */
  countBelow(isBelow: (key: ItemKey, rank: number) => boolean): number {
    return countBelow(this.#use(), isBelow);
  }

  keys(begin: number, end: number): Iterable<ItemKey> {
    return this.#keys(this.#range(begin, end), begin, end);
  }

  ids(begin: number, end: number): Uint8Array {
    return copyIds(this.#range(begin, end), begin, end);
  }

  *idRuns(begin: number, end: number): Iterable<Uint8Array> {
    for (const range of leafRanges(this.#range(begin, end), begin, end)) {
      yield idsOf(range.leaf, range.begin, range.end);
    }
  }

  fingerprint(begin: number, end: number): Uint8Array {
    return rangeState(this.scheme, this.#range(begin, end), begin, end);
  }

  fingerprints(cuts: readonly number[]): Uint8Array[] {
    for (let i = 1; i < cuts.length; i++) this.#range(cuts[i - 1]!, cuts[i]!);
    return splitStates(this.scheme, this.#use(), cuts);
  }

  edgeNear(rank: number): number {
    return leafEdge(this.#range(rank, rank), rank);
  }

  /** Whether it holds exactly this key. */
  holds(key: ItemKey): boolean {
    return holdsKey(this.#use(), this.size, key);
  }

  contains(id: Uint8Array): boolean {
    this.#use();
    return this.#init.contains(id);
  }

  release(): void {
    this.#init.lease.release();
  }

  /**
   * The same snapshot under one part of its composite scheme; it pays for that part alone. Both are
   * released together. Throws a RangeError when `scheme` is no part of this one's.
   */
  under(scheme: FingerprintScheme): TreeSnapshot<Ref> {
    if (scheme === this.scheme) return this;
    const offset = partOffset(this.scheme, scheme);
    const { reader, root } = this.#init.view;
    const part: NodeReader<Ref> = {
      node: (ref) => reader.node(ref),
      summary: (ref) => reader.summary(ref).subarray(offset, offset + scheme.stateBytes),
    };
    return new TreeSnapshot({ ...this.#init, scheme, view: { reader: part, root } });
  }

  *#keys(view: TreeView<Ref>, begin: number, end: number): Iterable<ItemKey> {
    for (const range of leafRanges(view, begin, end)) {
      for (let at = range.begin; at < range.end; at++) yield keyAt(range.leaf, at);
      this.#use();
    }
  }

  #range(begin: number, end: number): TreeView<Ref> {
    const view = this.#use();
    const whole = Number.isInteger(begin) && Number.isInteger(end);
    if (whole && begin >= 0 && begin <= end && end <= this.size) return view;
    throw new StoreError(
      'RANK_OUT_OF_RANGE',
      `[${begin}, ${end}) is no range of ranks: give 0 <= begin <= end <= ${this.size}`,
    );
  }

  #use(): TreeView<Ref> {
    this.#init.lease.check();
    return this.#init.view;
  }
}

/** A lease on what the garbage collector frees. */
export function freeLease(): Lease {
  let released = false;
  return {
    check() {
      if (released) throw releasedError();
    },
    release() {
      released = true;
    },
  };
}

export function releasedError(): StoreError {
  return new StoreError('SNAPSHOT_RELEASED', 'this snapshot was released: take a new one');
}

/** Whether the tree holds exactly this key. */
export function holdsKey<Ref>(view: TreeView<Ref>, size: number, key: ItemKey): boolean {
  const rank = lowerBound(view, key);
  if (rank === size) return false;
  const found = select(view, rank);
  return found.hint === key.hint && equalBytes(found.id, key.id);
}
