import { UnionSnapshot, type WriteBuffer } from '../../buffer/index.ts';
import { compareKeys, type Item, type ItemKey } from '../../item.ts';
import type { BatchSink } from '../../level/index.ts';
import { isBytes, tryRead } from '../../level/index.ts';
import { DurableTree, type TreeWrite } from '../../tree/index.ts';
import { totalBytes } from '../payload-bytes.ts';
import { encodeHead, type LogEntry, NOTHING, type SetState } from '../records/index.ts';
import { CommitLog, type SetGrowth } from './commit-log.ts';
import { MergeCost } from './merge-cost.ts';
import type { DurableSetInit } from './set-shape.ts';

/** A commit that is worked out but neither on disk nor visible. */
export interface PreparedCommit {
  readonly number: number;
  /** Says that its batch is about to be written, and that the commit before it is. */
  begin(): void;
  /** Gives what is to be written in one batch. */
  readonly fill: (sink: BatchSink) => void;
  /** Says that so many bytes are on disk, and makes the commit visible. */
  commit(bytes: number): void;
  /** Says that they were not written. */
  discard(): void;
}

/** A commit that moves keys from the buffer into the tree. */
export interface PreparedMerge extends PreparedCommit {
  /** In keys that stay in their leaf: rewriting a leaf counts for several. */
  readonly work: number;
}

/** What a commit is made of. */
interface SetChange extends SetGrowth {
  /** Gives the records beside the tree's and the set's own. */
  readonly fill: (sink: BatchSink) => void;
  readonly tree: TreeWrite;
  readonly buffer: WriteBuffer;
  readonly log: LogEntry;
}

/** Going once through the buffer in key order. */
interface Sweep {
  /** The last commit before it began: when it is over, nothing of that is left in the buffer. */
  readonly since: number;
  /** The last key merged. */
  readonly behind: ItemKey | null;
}

/** All that a commit changes beside the tree. */
interface Standing {
  readonly state: SetState;
  readonly buffer: WriteBuffer;
  readonly sweep: Sweep | null;
}

const UNSUMMED_IDS = 16_384;

/**
 * A set in an open database: the items, their ids, the tree of fingerprints with the buffer before
 * it, and the state. It prepares commits, each on top of those prepared before; who writes them, and
 * when, is not its matter. When one is discarded, so are all that were prepared after it.
 */
export class DurableSet {
  readonly #init: DurableSetInit;
  readonly #tree: DurableTree;
  readonly #log: CommitLog;
  readonly #cost: MergeCost;
  /** As of the last commit. */
  #visible: Standing;
  /** As of the last one that was prepared. */
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

  /**
   * Opens the tree of a set. `contains` of its snapshots goes by the id records; one that cannot be read
   * counts as absent, see `IdLookup`.
   */
  static openTree(init: DurableSetInit): DurableTree {
    const { database, keys, scheme, clock, shape } = init;
    return DurableTree.open({
      ...shape,
      database,
      name: keys.name,
      scheme,
      clock,
      contains: (id, snapshot) => isBytes(tryRead(database, keys.id(id), snapshot)),
    });
  }

  get state(): SetState {
    return this.#visible.state;
  }

  /** Keys in the buffer. */
  get buffered(): number {
    return this.#staged.buffer.size;
  }

  /** Commits of which something may still be in the buffer. */
  get unmerged(): number {
    return this.#staged.state.commit - this.#log.merged;
  }

  /** Bytes LevelDB has to write before it can be opened again. */
  get loggedBytes(): number {
    return this.#log.loggedBytes;
  }

  get sweeping(): boolean {
    return this.#staged.sweep !== null;
  }

  snapshot(): UnionSnapshot {
    return new UnionSnapshot({ tree: this.#tree.snapshot(), buffer: this.#visible.buffer });
  }

  /** Whether the index holds exactly this key. */
  holds(key: ItemKey): boolean {
    return this.#visible.buffer.has(key) || this.#tree.holds(key);
  }

  /** Adds items none of which is held; `restored` are those of their ids that are in quarantine. */
  add(items: readonly Item[], restored: readonly Uint8Array[]): PreparedCommit {
    const { keys } = this.#init;
    const sorted = [...items].sort(compareKeys);
    const dense = this.#cost.isDense(sorted);
    return this.#prepare({
      fill(sink) {
        let [itemKey, idKey, head]: (Uint8Array | undefined)[] = [];
        for (const item of sorted) {
          itemKey = keys.item(item, itemKey);
          sink.put(itemKey, item.payload);
          idKey = keys.id(item.id, idKey);
          head = encodeHead({ hint: item.hint, bytes: item.payload.length }, head);
          sink.put(idKey, head);
        }
        for (const id of restored) sink.del(keys.quarantine(id));
      },
      tree: dense ? { insert: sorted } : {},
      buffer: dense ? this.#staged.buffer : this.#withKeys(sorted),
      log: dense ? NOTHING : { taken: null, added: sorted },
      items: items.length,
      bytes: totalBytes(items),
    });
  }

  /** Begins to move what is in the buffer into the tree. */
  startSweep(): void {
    const { state, sweep } = this.#staged;
    if (sweep !== null) return;
    this.#staged = { ...this.#staged, sweep: { since: state.commit, behind: null } };
  }

  /**
   * Moves the next keys, as many as make about so much work; null when the sweep has come to the end
   * of the buffer.
   */
  merge(work: number): PreparedMerge | null {
    const { sweep, buffer } = this.#staged;
    if (sweep === null) return null;
    const { keys, rest } = buffer.take(
      sweep.behind,
      this.#cost.sliceOf(buffer, sweep.behind, work),
    );
    const [first, last] = [keys[0], keys.at(-1)];
    if (first === undefined || last === undefined) {
      this.#endSweep(sweep);
      return null;
    }
    const log = { taken: { first, last }, added: [] };
    const commit = this.#prepare(
      { ...this.#unchanged(), tree: { insert: keys }, buffer: rest, log },
      { since: sweep.since, behind: last },
    );
    return { ...commit, work: this.#cost.workOf({ first, last }, keys.length) };
  }

  /** Takes an item out of the index, together with what `fill` gives; `bytes` is what it counted for. */
  remove(key: ItemKey, bytes: number, fill: SetChange['fill']): PreparedCommit {
    const { buffer } = this.#staged;
    const taken = { first: key, last: key };
    const from = buffer.has(key)
      ? { buffer: buffer.without(taken), log: { taken, added: [] } }
      : { tree: { remove: [key] } };
    return this.#prepare({ ...this.#unchanged(), ...from, fill, items: -1, bytes: -bytes });
  }

  /** Writes what `fill` gives; the set stays as it is. */
  write(fill: SetChange['fill']): PreparedCommit {
    return this.#prepare({ ...this.#unchanged(), fill });
  }

  /** Says in the state that items were lost, or that they were refilled. */
  markRefill(needed: boolean): PreparedCommit {
    return this.#prepare(this.#unchanged(), this.#staged.sweep, { needsRefill: needed });
  }

  /** Computes ahead, a step at a time, what the first fingerprint would have to. */
  sumSteps(): Iterable<void> {
    return this.#visible.buffer.sumSteps();
  }

  /** Ends all snapshots. */
  close(): void {
    this.#tree.close();
  }

  #unchanged(): SetChange {
    return {
      fill: () => undefined,
      tree: {},
      buffer: this.#staged.buffer,
      log: NOTHING,
      items: 0,
      bytes: 0,
    };
  }

  #withKeys(keys: readonly ItemKey[]): WriteBuffer {
    const buffer = this.#staged.buffer.insert(keys);
    const { unsummedIds = UNSUMMED_IDS } = this.#init.shape;
    return buffer.unsummed < unsummedIds ? buffer : buffer.sumSome();
  }

  #prepare(
    change: SetChange,
    sweep: Sweep | null = this.#staged.sweep,
    flags: Partial<SetState> = {},
  ): PreparedCommit {
    const staged = this.#tree.stage(change.tree);
    const before = this.#staged.state;
    const state = { ...this.#log.next(before, change), ...flags };
    const standing = { state, buffer: change.buffer, sweep };
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

  #endSweep(sweep: Sweep): void {
    this.#staged = { ...this.#staged, sweep: null };
    this.#log.mergedUpTo(sweep.since);
  }
}
