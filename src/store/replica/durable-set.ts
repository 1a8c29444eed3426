import { type KeyRange, UnionSnapshot, type WriteBuffer } from '../buffer/index.ts';
import type { Clock } from '../environment.ts';
import type { FingerprintScheme } from '../fingerprint/scheme.ts';
import { compareKeys, type Item, type ItemKey } from '../item.ts';
import { DurableTree, type TreeWrite } from '../tree/level/durable-tree.ts';
import { type BatchOperation, type Database, VIEWS } from './database.ts';
import { encodeHead, type SetKeys } from './layout.ts';
import { encodeLogEntry, type LogEntry, NOTHING } from './log-entry.ts';
import { LogWindow } from './log-window.ts';
import { encodeState, type SetState } from './state.ts';

export interface DurableSetInit {
  readonly database: Database;
  readonly keys: SetKeys;
  readonly scheme: FingerprintScheme;
  readonly clock: Clock;
  readonly shape: SetShape;
}

/** Sizes that decide how the index lies in memory and on disk; see `ReplicaInit`. */
export interface SetShape {
  readonly leafItems: number;
  readonly fanout: number;
  readonly cacheBytes: number;
  readonly maxSnapshotAgeMs: number;
}

/** A commit that is worked out but neither on disk nor visible. */
export interface PreparedCommit {
  readonly number: number;
  /** To be written in one batch. */
  readonly operations: readonly BatchOperation[];
  /** Says that they are on disk, and makes the commit visible. */
  commit(): void;
  /** Says that they were not written. */
  discard(): void;
}

/** What a commit is made of. */
interface Change {
  readonly operations: BatchOperation[];
  readonly tree: TreeWrite;
  readonly buffer: WriteBuffer;
  readonly log: LogEntry;
  readonly items: number;
  readonly bytes: number;
}

/** Going once through the buffer in key order. */
interface Sweep {
  /** The last commit before it began: when it is over, nothing of that is left in the buffer. */
  readonly since: number;
  /** The last key merged. */
  readonly behind: ItemKey | null;
}

/** Log records deleted in one commit at the most. */
const TRIM_RECORDS = 256;

/** A batch goes into the tree at once when it brings so many keys for each leaf it rewrites. */
const DENSE_KEYS = 12;

/**
 * A set in an open database: the items, their ids, the tree of fingerprints with the buffer before
 * it, and the state. It prepares commits, one at a time; who writes them, and when, is not its matter.
 */
export class DurableSet {
  readonly #init: DurableSetInit;
  readonly #tree: DurableTree;
  readonly #window: LogWindow;
  #state: SetState;
  #buffer: WriteBuffer;
  #sweep: Sweep | null = null;
  /** The last commit of which nothing is in the buffer. */
  #merged: number;

  constructor(init: DurableSetInit, tree: DurableTree, state: SetState, buffer: WriteBuffer) {
    this.#init = init;
    this.#tree = tree;
    this.#state = state;
    this.#buffer = buffer;
    this.#merged = buffer.size === 0 ? state.commit : state.logBegin - 1;
    this.#window = new LogWindow(state.commit);
  }

  /** Opens the tree of a set. `contains` of its snapshots goes by the id records. */
  static openTree(init: DurableSetInit): DurableTree {
    const { database, keys, scheme, clock, shape } = init;
    return DurableTree.open({
      ...shape,
      database,
      name: keys.name,
      scheme,
      clock,
      contains: (id, snapshot) =>
        database.getSync(keys.id(id), { ...VIEWS, snapshot }) !== undefined,
    });
  }

  get state(): SetState {
    return this.#state;
  }

  /** Keys in the buffer. */
  get buffered(): number {
    return this.#buffer.size;
  }

  /** Commits of which something may still be in the buffer. */
  get unmerged(): number {
    return this.#state.commit - this.#merged;
  }

  /** Bytes LevelDB has to write before it can be opened again. */
  get loggedBytes(): number {
    return this.#window.loggedBytes;
  }

  get sweeping(): boolean {
    return this.#sweep !== null;
  }

  snapshot(): UnionSnapshot {
    return new UnionSnapshot({ tree: this.#tree.snapshot(), buffer: this.#buffer });
  }

  /** Whether the index holds exactly this key. */
  holds(key: ItemKey): boolean {
    if (this.#buffer.has(key)) return true;
    const snapshot = this.#tree.snapshot();
    try {
      const rank = snapshot.lowerBound(key);
      return rank < snapshot.size && compareKeys(snapshot.select(rank), key) === 0;
    } finally {
      snapshot.release();
    }
  }

  /** Adds items none of which is held; `restored` are those of their ids that are in quarantine. */
  add(items: readonly Item[], restored: readonly Uint8Array[]): PreparedCommit {
    const { keys } = this.#init;
    const operations: BatchOperation[] = [];
    let bytes = 0;
    for (const item of items) {
      const { length } = item.payload;
      bytes += length;
      const head = encodeHead({ hint: item.hint, bytes: length });
      operations.push({ type: 'put', key: keys.item(item), value: item.payload });
      operations.push({ type: 'put', key: keys.id(item.id), value: head });
    }
    for (const id of restored) operations.push({ type: 'del', key: keys.quarantine(id) });
    const sorted = [...items].sort(compareKeys);
    const dense = this.#isDense(sorted);
    return this.#prepare({
      operations,
      tree: dense ? { insert: sorted } : {},
      buffer: dense ? this.#buffer : this.#buffer.insert(sorted),
      log: dense ? NOTHING : { taken: null, added: sorted },
      items: items.length,
      bytes,
    });
  }

  /** Begins to move what is in the buffer into the tree. */
  startSweep(): void {
    this.#sweep ??= { since: this.#state.commit, behind: null };
  }

  /** Moves the next `count` keys; null when the sweep has come to the end of the buffer. */
  merge(count: number): PreparedCommit | null {
    const sweep = this.#sweep;
    if (sweep === null) return null;
    const begin = sweep.behind === null ? 0 : this.#buffer.lowerBound(sweep.behind);
    const end = Math.min(this.#buffer.size, begin + count);
    if (begin === end) {
      this.#endSweep(sweep);
      return null;
    }
    const insert = [...this.#buffer.keys(begin, end)];
    const taken = { first: insert[0]!, last: insert.at(-1)! };
    return this.#prepare(
      { ...this.#unchanged(), tree: { insert }, ...this.#take(taken) },
      { since: sweep.since, behind: taken.last },
    );
  }

  /** Takes an item out of the index, together with `operations`; `bytes` is what it counted for. */
  remove(key: ItemKey, bytes: number, operations: BatchOperation[]): PreparedCommit {
    const range = { first: key, last: key };
    const from = this.#buffer.has(key) ? this.#take(range) : { tree: { remove: [key] } };
    return this.#prepare({ ...this.#unchanged(), ...from, operations, items: -1, bytes: -bytes });
  }

  /** Says in the state that items were lost, or that they were refilled. */
  markRefill(needed: boolean): PreparedCommit {
    return this.#prepare(this.#unchanged(), this.#sweep, { needsRefill: needed });
  }

  /** Ends all snapshots. */
  close(): void {
    this.#tree.close();
  }

  #unchanged(): Change {
    return {
      operations: [],
      tree: {},
      buffer: this.#buffer,
      log: NOTHING,
      items: 0,
      bytes: 0,
    };
  }

  #take(taken: KeyRange): Pick<Change, 'buffer' | 'log'> {
    return { buffer: this.#buffer.without(taken), log: { taken, added: [] } };
  }

  #prepare(
    change: Change,
    sweep: Sweep | null = this.#sweep,
    flags: Partial<SetState> = {},
  ): PreparedCommit {
    const { operations, buffer } = change;
    const prepared = this.#tree.prepare(change.tree);
    const commit = this.#state.commit + 1;
    const state = { ...this.#nextState(commit, change), ...flags };
    for (const operation of prepared.operations) operations.push(operation);
    this.#trim(operations, state);
    const log = encodeLogEntry(change.log);
    operations.push({ type: 'put', key: this.#init.keys.log(commit), value: log });
    operations.push({ type: 'put', key: this.#init.keys.state, value: encodeState(state) });
    return {
      number: commit,
      operations,
      commit: () => {
        prepared.commit();
        this.#state = state;
        this.#buffer = buffer;
        this.#sweep = sweep;
        if (buffer.size === 0) this.#merged = commit;
        this.#window.note(commit, bytesOf(operations));
      },
      discard: () => prepared.discard(),
    };
  }

  #nextState(commit: number, { items, bytes }: Change): SetState {
    const { logBegin, trimBegin, ...old } = this.#state;
    const begin = Math.max(logBegin, 1 + Math.min(this.#merged, this.#window.settled));
    return {
      ...old,
      commit,
      logBegin: begin,
      trimBegin: Math.min(begin, trimBegin + TRIM_RECORDS),
      items: old.items + items,
      bytes: old.bytes + bytes,
    };
  }

  #trim(operations: BatchOperation[], { trimBegin }: SetState): void {
    for (let commit = this.#state.trimBegin; commit < trimBegin; commit++) {
      operations.push({ type: 'del', key: this.#init.keys.log(commit) });
    }
  }

  #endSweep(sweep: Sweep): void {
    this.#sweep = null;
    this.#merged = Math.max(this.#merged, sweep.since);
  }

  /** Whether ascending keys fall so close together that they need no buffer. */
  #isDense(keys: readonly ItemKey[]): boolean {
    if (keys.length < DENSE_KEYS) return false;
    const snapshot = this.#tree.snapshot();
    const span = snapshot.lowerBound(keys.at(-1)!) - snapshot.lowerBound(keys[0]!);
    snapshot.release();
    const leaves = 2 + (span + keys.length) / (this.#init.shape.leafItems / 2);
    return keys.length >= DENSE_KEYS * leaves;
  }
}

function bytesOf(operations: readonly BatchOperation[]): number {
  let bytes = 0;
  for (const operation of operations) {
    bytes += operation.key.length + 8;
    if (operation.type === 'put') bytes += operation.value.length;
  }
  return bytes;
}
