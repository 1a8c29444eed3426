import type { Bytes } from '../bytes.ts';
import { type FingerprintScheme, partOffset } from '../fingerprint/index.ts';
import { invariant } from '../invariant.ts';
import { type Bound, compareKeys, type HeldKey, ID_BYTES, type ItemKey } from '../item.ts';
import { checkCuts, checkRange, checkRank, idRunsOf } from '../ranks.ts';
import { fingerprintsBetween, type Snapshot } from '../storage.ts';
import type { WriteBuffer } from './write-buffer.ts';

export interface UnionSnapshotInit {
  /** The larger part. Released with the union. */
  tree: SearchableSnapshot;
  /** Keys on their way into the tree: disjoint from it, and of the same moment. */
  buffer: WriteBuffer;
  /** True only of ids that neither part holds, so that the tree need not be asked. @default none */
  isAbsent?: ((id: Uint8Array) => boolean) | undefined;
}

/** A snapshot that can show itself under one part of its composite scheme. */
export interface PartedSnapshot extends Snapshot {
  under(scheme: FingerprintScheme): PartedSnapshot;
}

/** A snapshot that can be searched by key and rank at once. */
export interface SearchableSnapshot extends PartedSnapshot {
  /** How many keys `isBelow` holds for: all up to some rank, and none behind. */
  countBelow(isBelow: (key: ItemKey, rank: number) => boolean): number;
  under(scheme: FingerprintScheme): SearchableSnapshot;
}

interface UnionPlace {
  readonly tree: number;
  readonly buffer: number;
}

/** The union of two disjoint sets, each in key order. */
export class UnionSnapshot implements PartedSnapshot {
  readonly scheme: FingerprintScheme;
  readonly size: number;
  readonly #tree: SearchableSnapshot;
  readonly #buffer: WriteBuffer;
  readonly #isAbsent: UnionSnapshotInit['isAbsent'];

  constructor({ tree, buffer, isAbsent }: UnionSnapshotInit) {
    this.scheme = tree.scheme;
    this.size = tree.size + buffer.size;
    this.#tree = tree;
    this.#buffer = buffer;
    this.#isAbsent = isAbsent;
  }

  select(rank: number): HeldKey {
    this.#use();
    checkRank(this, rank);
    const place = this.#place(rank);
    const buffered = place.buffer < this.#buffer.size && this.#rankOf(place.buffer) === rank;
    return buffered ? this.#buffer.select(place.buffer) : this.#tree.select(place.tree);
  }

  lowerBound(bound: Bound): number {
    return this.#tree.lowerBound(bound) + this.#buffer.lowerBound(bound);
  }

  keys(begin: number, end: number): Iterable<HeldKey> {
    const [from, to] = this.#places(begin, end);
    const left = this.#tree.keys(from.tree, to.tree);
    if (from.buffer === to.buffer) return left;
    return mergeKeys(left, this.#buffer.keys(from.buffer, to.buffer));
  }

  ids(begin: number, end: number): Bytes {
    const [from, to] = this.#places(begin, end);
    if (from.buffer === to.buffer) return this.#tree.ids(from.tree, to.tree);
    if (from.tree === to.tree) return this.#buffer.ids(from.buffer, to.buffer);
    return this.#mergedIds(from, to);
  }

  idRuns(begin: number, end: number): Iterable<Bytes> {
    const [from, to] = this.#places(begin, end);
    if (from.buffer !== to.buffer) return [this.ids(begin, end)];
    return idRunsOf(this.#tree, from.tree, to.tree);
  }

  fingerprint(begin: number, end: number): Uint8Array {
    const [from, to] = this.#places(begin, end);
    return this.#withBuffered(this.#tree.fingerprint(from.tree, to.tree), from, to);
  }

  fingerprints(cuts: readonly number[]): Uint8Array[] {
    this.#use();
    checkCuts(this, cuts);
    const places = cuts.map((cut) => this.#place(cut));
    const trees = places.map(({ tree }) => tree);
    return fingerprintsBetween(this.#tree, trees).map((state, i) =>
      this.#withBuffered(state, places[i]!, places[i + 1]!),
    );
  }

  /** An edge of the tree: buffered keys are summed in any case. */
  edgeNear(rank: number): number {
    const place = this.#places(rank, rank)[0].tree;
    const edge = this.#tree.edgeNear?.(place) ?? place;
    return edge === this.#tree.size ? this.size : this.lowerBound(this.#tree.select(edge));
  }

  contains(id: Uint8Array): boolean {
    this.#use();
    return this.#isAbsent?.(id) !== true && this.#tree.contains(id);
  }

  prepare(): Iterable<void> {
    return this.#buffer.sumSteps();
  }

  release(): void {
    this.#tree.release();
  }

  under(scheme: FingerprintScheme): UnionSnapshot {
    if (scheme === this.scheme) return this;
    const tree = this.#tree.under(scheme);
    return new UnionSnapshot({ tree, buffer: this.#buffer, isAbsent: this.#isAbsent });
  }

  #withBuffered(state: Uint8Array, from: UnionPlace, to: UnionPlace): Uint8Array {
    if (from.buffer === to.buffer) return state;
    const union = state.slice();
    this.scheme.combine(union, this.#buffered(from.buffer, to.buffer));
    return union;
  }

  /** The buffer's state of a range; its scheme may keep more than this snapshot's. */
  #buffered(begin: number, end: number): Uint8Array {
    const state = this.#buffer.fingerprint(begin, end);
    if (this.#buffer.scheme === this.scheme) return state;
    const offset = partOffset(this.#buffer.scheme, this.scheme);
    return state.subarray(offset, offset + this.scheme.stateBytes);
  }

  #mergedIds(from: UnionPlace, to: UnionPlace): Bytes {
    const ids = new Uint8Array((to.tree - from.tree + to.buffer - from.buffer) * ID_BYTES);
    const fromTree = this.#tree.ids(from.tree, to.tree);
    let done = from.tree;
    let at = 0;
    for (const key of this.#buffer.keys(from.buffer, to.buffer)) {
      const next = this.#tree.lowerBound(key);
      const run = fromTree.subarray((done - from.tree) * ID_BYTES, (next - from.tree) * ID_BYTES);
      ids.set(run, at);
      ids.set(key.id, at + run.length);
      at += run.length + ID_BYTES;
      done = next;
    }
    ids.set(fromTree.subarray((done - from.tree) * ID_BYTES), at);
    return ids;
  }

  #place(rank: number): UnionPlace {
    if (rank === this.size) return { tree: this.#tree.size, buffer: this.#buffer.size };
    if (this.#buffer.size === 0) return { tree: rank, buffer: 0 };
    const tree = this.#tree.countBelow((key, at) => at + this.#buffer.lowerBound(key) < rank);
    const buffer = rank - tree;
    const isWithin = buffer >= 0 && buffer <= this.#buffer.size;
    invariant(isWithin, 'session', 'UNION_PLACE', [rank, tree]);
    return { tree, buffer };
  }

  #rankOf(at: number): number {
    return at + this.#tree.lowerBound(this.#buffer.select(at));
  }

  #places(begin: number, end: number): [UnionPlace, UnionPlace] {
    this.#use();
    checkRange(this, begin, end);
    return [this.#place(begin), this.#place(end)];
  }

  /** Throws if the tree's snapshot was released or has expired. */
  #use(): void {
    this.#tree.keys(0, 0);
  }
}

function* mergeKeys(left: Iterable<HeldKey>, right: Iterable<HeldKey>): Iterable<HeldKey> {
  const others = right[Symbol.iterator]();
  let other = others.next();
  for (const key of left) {
    while (!other.done && compareKeys(other.value, key) < 0) {
      yield other.value;
      other = others.next();
    }
    yield key;
  }
  for (; !other.done; other = others.next()) yield other.value;
}
