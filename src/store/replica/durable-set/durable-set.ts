import { UnionSnapshot, type UnionSnapshotInit, type WriteBuffer } from '../../buffer/index.ts';
import { invariant } from '../../invariant.ts';
import { compareKeys, type Item, type ItemKey } from '../../item.ts';
import { type BatchSink, isBytes, tryRead } from '../../level/index.ts';
import { type CacheUses, DurableTree } from '../../tree/index.ts';
import { freshEpoch } from '../arrivals/index.ts';
import { totalBytes } from '../payload-bytes.ts';
import { encodeFloor, encodeHead, NOTHING, type SetState } from '../records/index.ts';
import { type AddOptions, Arriving } from './arriving.ts';
import { CommitLog } from './commit-log.ts';
import { leavingRun } from './leaving-run.ts';
import { MergeCost } from './merge-cost.ts';
import { type SetChange, UNCHANGED } from './set-change.ts';
import { checkFollows, checkGrowth } from './set-checks.ts';
import type { DurableSetInit } from './set-shape.ts';

/** A commit that is neither on disk nor visible yet. */
export interface PreparedCommit {
  readonly number: number;
  /** To be called before its batch is written, and after the batch of the commit before it. */
  begin(): void;
  /** Gives the records of its batch. */
  readonly fill: (sink: BatchSink) => void;
  /** Its batch, of so many bytes, is on disk: makes the commit visible. */
  commit(bytes: number): void;
  /** Its batch was not written. */
  discard(): void;
}

/** A commit that moves keys from the buffer into the tree. */
export interface PreparedMerge extends PreparedCommit {
  /** In keys that stay in their leaf: rewriting a leaf counts for several. */
  readonly work: number;
}

/** The set after a commit, beside the tree. */
interface Standing extends Pick<SetChange, 'buffer' | 'sweep'> {
  readonly state: SetState;
}

const UNSUMMED_IDS = 16_384;

/**
 * A set in an open database: items, id records, the tree of fingerprints with the buffer before it, and
 * the state. It prepares commits, each on top of the ones before; the committer writes them. Discarding
 * a commit discards all later ones.
 */
export class DurableSet {
  readonly #init: DurableSetInit;
  readonly #tree: DurableTree;
  readonly #log: CommitLog;
  readonly #cost: MergeCost;
  #visible: Standing;
  #staged: Standing;

  constructor(init: DurableSetInit, tree: DurableTree, state: SetState, buffer: WriteBuffer) {
    this.#init = init;
    this.#tree = tree;
    this.#visible = { state, buffer, sweep: null };
    this.#staged = this.#visible;
    const merged = buffer.size === 0 ? state.commit : state.logBegin - 1;
    this.#log = new CommitLog(init.keys, state, merged, init.shape.trimRecords);
    this.#cost = new MergeCost(tree, init.shape.leafItems);
  }

  /** Opens the tree of a set. `contains` of its snapshots reads id records, like `IdLookup.contains`. */
  static openTree(init: DurableSetInit): DurableTree {
    const { database, keys, scheme, clock, shape, onDamage } = init;
    return DurableTree.open({
      ...shape,
      database,
      name: keys.name,
      scheme,
      clock,
      onDamage,
      contains: (id, snapshot) => isBytes(tryRead(database, keys.id(id), snapshot)),
    });
  }

  get state(): SetState {
    return this.#visible.state;
  }

  /** Of the cache of tree nodes, since the set was opened. */
  get cacheUses(): CacheUses {
    return this.#tree.cacheUses;
  }

  get buffered(): number {
    return this.#staged.buffer.size;
  }

  /** Commits of which keys may still be in the buffer. */
  get unmerged(): number {
    return this.#staged.state.commit - this.#log.merged;
  }

  /** Bytes that LevelDB must write when it is opened again. */
  get loggedBytes(): number {
    return this.#log.loggedBytes;
  }

  get sweeping(): boolean {
    return this.#staged.sweep !== null;
  }

  /** @param isAbsent See `UnionSnapshotInit`. */
  snapshot(isAbsent?: UnionSnapshotInit['isAbsent'], maxAgeMs?: number): UnionSnapshot {
    const { buffer } = this.#visible;
    return new UnionSnapshot({ tree: this.#tree.snapshot(maxAgeMs), buffer, isAbsent });
  }

  holds(key: ItemKey): boolean {
    return this.#visible.buffer.has(key) || this.#tree.holds(key);
  }

  /** Adds items that are not held, and deletes the records under `settled`. */
  add(
    items: readonly Item[],
    settled: readonly Uint8Array[],
    options: AddOptions = {},
  ): PreparedCommit {
    const { keys, clock } = this.#init;
    const { order, arrivals: last, commit } = this.#staged.state;
    const head = { commit: commit + 1, at: clock.now() };
    const arriving = new Arriving({ keys, order, last, ...head, ...options }, items);
    const positions = items.map((_, i) => i).sort((a, b) => compareKeys(items[a]!, items[b]!));
    const sorted = positions.map((position) => items[position]!);
    const dense = this.#cost.isDense(sorted);
    return this.#prepare({
      fill(sink) {
        let [itemKey, idKey, value]: (Uint8Array | undefined)[] = [];
        for (const position of positions) {
          const item = items[position]!;
          itemKey = keys.item(item, itemKey);
          sink.put(itemKey, item.payload);
          idKey = keys.id(item.id, idKey);
          const seq = arriving.seq(position);
          value = encodeHead({ hint: item.hint, bytes: item.payload.length, seq }, value);
          sink.put(idKey, value);
        }
        arriving.fill(sink);
        for (const key of settled) sink.del(key);
      },
      tree: dense ? { insert: sorted } : {},
      buffer: dense ? this.#staged.buffer : this.#withKeys(sorted),
      log: dense ? NOTHING : { taken: null, added: sorted },
      items: items.length,
      bytes: totalBytes(items),
      more: { arrivals: arriving.last },
    });
  }

  /** Begins to move the keys of the buffer into the tree. */
  startSweep(): void {
    if (this.sweeping) return;
    const sweep = { since: this.#staged.state.commit, behind: null };
    this.#staged = { ...this.#staged, sweep };
  }

  /** Moves the next keys, about `work` of them; null when the sweep is at the end of the buffer. */
  merge(work: number): PreparedMerge | null {
    const { sweep, buffer } = this.#staged;
    if (sweep === null) return null;
    const count = this.#cost.sliceOf(buffer, sweep.behind, work);
    const { keys, rest } = buffer.take(sweep.behind, count);
    const [first, last] = [keys[0], keys.at(-1)];
    if (first === undefined || last === undefined) {
      this.#staged = { ...this.#staged, sweep: null };
      this.#log.mergedUpTo(sweep.since);
      return null;
    }
    const commit = this.#prepare({
      tree: { insert: keys },
      buffer: rest,
      sweep: { since: sweep.since, behind: last },
      log: { taken: { first, last }, added: [] },
    });
    return { ...commit, work: this.#cost.workOf({ first, last }, keys.length) };
  }

  /** Takes an item that counted for `bytes` out of the index, and writes the records of `fill`. */
  remove(key: ItemKey, bytes: number, fill: SetChange['fill']): PreparedCommit {
    return this.removeRun([key], bytes, fill);
  }

  /** `remove` for all held keys of a range, ascending. */
  removeRun(keys: readonly ItemKey[], bytes: number, fill: SetChange['fill']): PreparedCommit {
    const gone = leavingRun(this.#staged.buffer, keys);
    return this.#prepare({ ...gone, fill, items: -keys.length, bytes: -bytes });
  }

  /** Takes no items below a hint any more; null if the floor is as high already. No time: that of before stays. */
  raise(floor: bigint, believedAt: number | null): PreparedCommit | null {
    const { floor: before, believedAt: then } = this.#staged.state;
    return floor <= before ? null : this.#withFloor({ floor, believedAt: believedAt ?? then });
  }

  /** Notes a wall time that was believed. */
  believe(believedAt: number): PreparedCommit {
    return this.#withFloor({ floor: this.#staged.state.floor, believedAt });
  }

  /**
   * Notes that records of arrivals before a place are not needed any more. Deletes those of `stale`, of which that
   * was noted before: readers of the visible state do not look for them.
   */
  trim(begin: number, stale: readonly Uint8Array[]): PreparedCommit {
    const arrivalsBegin = Math.max(begin, this.#staged.state.arrivalsBegin);
    return this.#prepare({
      fill: (sink) => {
        for (const key of stale) sink.del(key);
      },
      more: { arrivalsBegin },
    });
  }

  /** Whether a key is in the buffer: a commit takes such keys out one at a time, see `LogEntry`. */
  isBuffered(key: ItemKey): boolean {
    return this.#staged.buffer.has(key);
  }

  /** `remove` for many items, in order, none of which is in the buffer. */
  removeMerged(keys: readonly ItemKey[], bytes: number, fill: SetChange['fill']): PreparedCommit {
    return this.#prepare({ tree: { remove: keys }, fill, items: -keys.length, bytes: -bytes });
  }

  /** Writes the records of `fill`; the set stays the same. */
  write(fill: SetChange['fill']): PreparedCommit {
    return this.#prepare({ fill });
  }

  /** Notes in the state that items were lost, or that they were refilled. */
  markRefill(needsRefill: boolean): PreparedCommit {
    return this.#prepare({ more: { needsRefill } });
  }

  /** Notes that commits which had been on disk are gone: places may be given again, in a new epoch. */
  markLost(): PreparedCommit {
    const { epoch } = this.#staged.state;
    return this.#prepare({
      more: { needsRefill: true, epoch: freshEpoch(this.#init.random, epoch) },
    });
  }

  /** Computes sums ahead of the first fingerprint, a step at a time. */
  sumSteps(): Iterable<void> {
    return this.#visible.buffer.sumSteps();
  }

  /** Ends all snapshots. */
  close(): void {
    this.#tree.close();
  }

  #withFloor(more: Pick<SetState, 'floor' | 'believedAt'>): PreparedCommit {
    const key = this.#init.keys.floor;
    return this.#prepare({ fill: (sink) => sink.put(key, encodeFloor(more)), more });
  }

  #withKeys(keys: readonly ItemKey[]): WriteBuffer {
    const buffer = this.#staged.buffer.insert(keys);
    const { unsummedIds = UNSUMMED_IDS } = this.#init.shape;
    return buffer.unsummed < unsummedIds ? buffer : buffer.sumSome();
  }

  #prepare(part: Partial<SetChange>): PreparedCommit {
    const { state: before, buffer, sweep } = this.#staged;
    const change: SetChange = { ...UNCHANGED, buffer, sweep, ...part };
    checkGrowth(change, buffer);
    const state = { ...this.#log.next(before, change), ...change.more };
    checkFollows(before, state);
    // After all that may throw: what is staged must be committed or discarded.
    const staged = this.#tree.stage(change.tree);
    const standing = { state, buffer: change.buffer, sweep: change.sweep };
    this.#staged = standing;
    return {
      number: state.commit,
      begin: () => staged.begin(),
      fill: (sink) => {
        change.fill(sink);
        staged.fill(sink);
        this.#log.fill(sink, before, state, change.log);
      },
      commit: (bytes) => {
        const { commit } = this.#visible.state;
        invariant(state.commit === commit + 1, 'process', 'COMMIT_ORDER', [commit, state.commit]);
        staged.commit();
        this.#visible = standing;
        if (standing.buffer.size === 0) this.#log.mergedUpTo(state.commit);
        this.#log.written(state.commit, bytes);
      },
      discard: () => {
        staged.discard();
        this.#staged = this.#visible;
      },
    };
  }
}
