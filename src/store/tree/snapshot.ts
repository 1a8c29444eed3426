import type { Bytes } from '../bytes.ts';
import { type FingerprintScheme, partOffset } from '../fingerprint/index.ts';
import { type Bound, checkId, type HeldKey, type ItemKey } from '../item.ts';
import { checkCuts, checkRange, checkRank, holdsKey, releasedError } from '../ranks.ts';
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

/** The hold of a snapshot on its nodes while it is in use. */
export interface Lease {
  /** Throws `SNAPSHOT_RELEASED` or `SNAPSHOT_EXPIRED` when the hold has ended. */
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

/** A root that no write touches: taking it costs nothing at any size of the set. */
export class TreeSnapshot<Ref> implements Snapshot {
  readonly scheme: FingerprintScheme;
  readonly size: number;
  readonly #init: TreeSnapshotInit<Ref>;

  constructor(init: TreeSnapshotInit<Ref>) {
    this.scheme = init.scheme;
    this.size = init.size;
    this.#init = init;
  }

  select(rank: number): HeldKey {
    const view = this.#use();
    checkRank(this, rank);
    return select(view, rank);
  }

  lowerBound(bound: Bound): number {
    return lowerBound(this.#use(), bound);
  }

  /** See `countBelow` in read.ts. */
  countBelow(isBelow: (key: ItemKey, rank: number) => boolean): number {
    return countBelow(this.#use(), isBelow);
  }

  keys(begin: number, end: number): Iterable<HeldKey> {
    return this.#keys(this.#range(begin, end), begin, end);
  }

  ids(begin: number, end: number): Bytes {
    return copyIds(this.#range(begin, end), begin, end);
  }

  *idRuns(begin: number, end: number): Iterable<Bytes> {
    for (const range of leafRanges(this.#range(begin, end), begin, end)) {
      yield idsOf(range.leaf, range.begin, range.end);
    }
  }

  fingerprint(begin: number, end: number): Uint8Array {
    return rangeState(this.scheme, this.#range(begin, end), begin, end);
  }

  fingerprints(cuts: readonly number[]): Uint8Array[] {
    const view = this.#use();
    checkCuts(this, cuts);
    return splitStates(this.scheme, view, cuts);
  }

  edgeNear(rank: number): number {
    return leafEdge(this.#range(rank, rank), rank);
  }

  /** Whether it holds exactly this key. */
  holds(key: ItemKey): boolean {
    return holdsKey(this, key);
  }

  contains(id: Uint8Array): boolean {
    this.#use();
    checkId(id);
    return this.#init.contains(id);
  }

  release(): void {
    this.#init.lease.release();
  }

  /**
   * The same snapshot under one part of its composite scheme, at the cost of that part alone. Both are
   * released together. Throws `INVALID_SCHEME` when the scheme has no such part.
   */
  under(scheme: FingerprintScheme): TreeSnapshot<Ref> {
    if (scheme === this.scheme) return this;
    const offset = partOffset(this.scheme, scheme);
    const { reader, root } = this.#init.view;
    const end = offset + scheme.stateBytes;
    const part: NodeReader<Ref> = {
      node: (ref) => reader.node(ref),
      summary: (ref) => reader.summary(ref).subarray(offset, end),
      childSums: (ref, inner) => reader.childSums?.(ref, inner)?.part(offset, end) ?? null,
      endSum(ref) {
        const sum = reader.endSum?.(ref);
        return sum && { ...sum, state: sum.state.subarray(offset, end) };
      },
      onDamage: reader.onDamage,
    };
    return new TreeSnapshot({ ...this.#init, scheme, view: { reader: part, root } });
  }

  *#keys(view: TreeView<Ref>, begin: number, end: number): Iterable<HeldKey> {
    for (const range of leafRanges(view, begin, end)) {
      for (let at = range.begin; at < range.end; at++) yield keyAt(range.leaf, at);
      this.#use();
    }
  }

  #range(begin: number, end: number): TreeView<Ref> {
    const view = this.#use();
    checkRange(this, begin, end);
    return view;
  }

  #use(): TreeView<Ref> {
    this.#init.lease.check();
    return this.#init.view;
  }
}

/** A lease on nodes that the garbage collector frees. */
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
