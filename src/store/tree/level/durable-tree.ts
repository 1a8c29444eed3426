import type { AbstractSnapshot } from 'abstract-level';
import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { invariant } from '../../invariant.ts';
import type { ItemKey } from '../../item.ts';
import {
  type BatchOperation,
  type BatchSink,
  type Database,
  operationsOf,
} from '../../level/index.ts';
import { readOnce } from '../../ranks.ts';
import { insertInto } from '../insert.ts';
import { DEFAULT_TREE, type TreeOptions } from '../options.ts';
import { removeFrom } from '../remove.ts';
import { runOf } from '../run.ts';
import { type TreeShape, type TreeShapeInit, treeShape } from '../shape.ts';
import { TreeSnapshot } from '../snapshot.ts';
import { auditTree } from './audit.ts';
import { ByteCache, type CacheUses } from './cache.ts';
import { treeKeys } from './keys.ts';
import { LevelLease, SharedSnapshot } from './lease.ts';
import { encodeMeta, type TreeMeta } from './meta.ts';
import { openMeta } from './open.ts';
import { type CachedPart, LevelNodeReader, type LevelTreeFiles } from './reader.ts';
import { LevelNodeWriter } from './writer.ts';

/** Where a `DurableTree` lies, and its shape. */
export interface DurableTreeInit extends TreeShapeInit, Partial<TreeOptions> {
  /** Open; stays open when the tree is closed. */
  database: Database;
  /** What the keys of the tree begin with; only one open tree of a name may write. */
  name: string;
  clock: Clock;
  /** Whether the whole set held an id as of a snapshot of the database. */
  contains: (id: Uint8Array, snapshot: AbstractSnapshot) => boolean;
  /** Called with each damage that a snapshot or a write meets. @default none */
  onDamage?: LevelTreeFiles['onDamage'];
}

/** Keys to remove, then keys to insert: each in ascending order, and there, respectively not there. */
export interface TreeWrite {
  readonly remove?: readonly ItemKey[];
  readonly insert?: readonly ItemKey[];
}

/** A write that is worked out but not visible: not on disk, not in any cache or snapshot. */
export interface PreparedWrite {
  /** To be written in one batch, together with the owner's records. */
  readonly operations: readonly BatchOperation[];
  /** Says that the batch is on disk, and makes the write visible. */
  commit(): void;
  /**
   * Says that the batch was not written, and forgets it. When that is not certain, the tree must be
   * closed and opened again.
   */
  discard(): void;
}

/** A write that is worked out while the one before it may still be on its way to the disk. */
export interface StagedWrite extends PreparedWrite {
  /** Gives its operations to a batch, without making an array of them. */
  fill(sink: BatchSink): void;
  /** Says that its batch is about to be written: the one before it must be committed by now. */
  begin(): void;
}

/**
 * A tree of fingerprints in LevelDB, for an owner that writes it together with records of its own.
 * Reading is synchronous. Nodes never change. A write replaces the nodes on its paths and deletes the old
 * ones in the same batch. Snapshots still see the old nodes through snapshots of LevelDB.
 */
export class DurableTree {
  readonly #shape: TreeShape;
  readonly #files: LevelTreeFiles;
  readonly #init: DurableTreeInit;
  readonly #maxAgeMs: number;
  readonly #leases = new Set<LevelLease>();
  #meta: TreeMeta;
  /** A snapshot of the database that shows the tree as `#meta` says it is. */
  #shared: SharedSnapshot | null = null;
  #writing = false;
  /** The last write that was staged and is not settled, and its meta. */
  #staged: { readonly writer: LevelNodeWriter; readonly meta: TreeMeta } | null = null;
  #closed = false;

  private constructor(init: DurableTreeInit, files: LevelTreeFiles, meta: TreeMeta) {
    this.#init = init;
    this.#shape = treeShape(init);
    this.#maxAgeMs = init.maxSnapshotAgeMs ?? DEFAULT_TREE.maxSnapshotAgeMs;
    this.#files = files;
    this.#meta = meta;
  }

  /**
   * Opens, or begins, the tree of a name; reads its meta and root only. Throws `STORE_CORRUPT` when
   * these are damaged, `UNSUPPORTED_SCHEMA` when its summaries are of another scheme.
   */
  static open(init: DurableTreeInit): DurableTree {
    const { database, name, scheme, cacheBytes = DEFAULT_TREE.cacheBytes, onDamage } = init;
    const cache = new ByteCache<CachedPart>(cacheBytes);
    const files = { database, name, keys: treeKeys(name), scheme, cache, onDamage };
    return new DurableTree(init, files, openMeta(files, scheme));
  }

  get scheme(): FingerprintScheme {
    return this.#shape.scheme;
  }

  get size(): number {
    return this.#meta.count;
  }

  /** Of the cache of nodes, since the tree was opened. */
  get cacheUses(): CacheUses {
    return this.#files.cache.uses;
  }

  /**
   * Works out a write. The next one can be prepared when this one is committed or discarded. Throws a
   * RangeError, and changes nothing, unless the keys are as `TreeWrite` says.
   */
  prepare(write: TreeWrite): PreparedWrite {
    if (this.#staged !== null) {
      throw new Error('a prepared write must be committed or discarded first');
    }
    const staged = this.stage(write);
    staged.begin();
    return staged;
  }

  /**
   * Like `prepare`, on top of whatever is staged already. Writes are begun, and committed, in the order
   * they were staged; to discard one is to discard all that were staged after it too.
   */
  stage(write: TreeWrite): StagedWrite {
    this.#checkOpen();
    const base = this.#staged ?? { writer: new LevelNodeReader(this.#files), meta: this.#meta };
    const writer = new LevelNodeWriter(base.writer, base.meta.nextRef);
    const { remove = [], insert = [] } = write;
    const less = removeFrom(this.#shape, writer, rootOf(base.meta), runOf(remove));
    const root = insertInto(this.#shape, writer, less, runOf(insert));
    const meta = metaOver(writer, root, this.scheme.name);
    const count = base.meta.count + insert.length - remove.length;
    invariant(meta.count === count, 'commit', 'TREE_COUNT', [count, meta.count]);
    this.#staged = { writer, meta };
    return this.#stagedWrite(writer, meta);
  }

  /** The tree as it is now, for `maxAgeMs`. Costs nothing beyond one of LevelDB's snapshots. */
  snapshot(maxAgeMs: number = this.#maxAgeMs): TreeSnapshot<number> {
    this.#checkOpen();
    const { clock, contains } = this.#init;
    const shared = this.#current();
    const lease = new LevelLease({
      shared,
      clock,
      maxAgeMs,
      onEnd: (ended) => this.#leases.delete(ended),
    });
    this.#leases.add(lease);
    return new TreeSnapshot({
      scheme: this.scheme,
      size: this.size,
      view: { reader: new LevelNodeReader(this.#files, shared.level), root: rootOf(this.#meta) },
      contains: (id) => contains(id, shared.level),
      lease,
    });
  }

  /** Whether the tree holds exactly this key. */
  holds(key: ItemKey): boolean {
    return readOnce(this.snapshot(), (snapshot) => snapshot.holds(key));
  }

  /** Ends all snapshots and forgets everything. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const lease of this.#leases) lease.end(() => closedError(this.#init.name));
    this.#files.cache.clear();
  }

  /**
   * Reads the whole tree as it is now, a leaf a step, and compares it with a recomputation from its
   * ids; then all its records with the nodes there are. Throws `STORE_CORRUPT` at the first fault.
   */
  async *audit(options: { fill?: boolean } = {}): AsyncGenerator<void, void> {
    this.#checkOpen();
    const shared = this.#current();
    shared.acquire();
    try {
      const root = rootOf(this.#meta);
      yield* auditTree(this.#shape, this.#files, { snapshot: shared.level, root, ...options });
    } finally {
      shared.release();
    }
  }

  #stagedWrite(writer: LevelNodeWriter, meta: TreeMeta): StagedWrite {
    let before: SharedSnapshot | null = null;
    let settled = false;
    const settle = (after: TreeMeta): void => {
      settled = true;
      this.#meta = after;
      if (this.#staged?.writer === writer) this.#staged = null;
      if (before !== null) this.#writing = false;
      before?.release();
    };
    const fill = (sink: BatchSink): void => {
      writer.fill(this.#files, sink);
      sink.put(this.#files.keys.meta, encodeMeta(meta));
    };
    return {
      fill,
      get operations() {
        return operationsOf(fill);
      },
      begin: () => {
        invariant(!this.#writing, 'process', 'TREE_BEGUN', meta.nextRef);
        // Taken before the batch can reach the disk: all readers use it until the commit.
        before = this.#current();
        before.acquire();
        this.#writing = true;
      },
      commit: () => {
        if (settled) return;
        invariant(before !== null, 'process', 'TREE_COMMITTED', meta.nextRef);
        this.#shared = null;
        writer.publish(this.#files);
        settle(meta);
      },
      discard: () => {
        if (settled) return;
        this.#staged = null;
        settle({ ...this.#meta, nextRef: Math.max(this.#meta.nextRef, meta.nextRef) });
      },
    };
  }

  /** A snapshot of the database to share: a new one when it would soon be too old. */
  #current(): SharedSnapshot {
    const now = this.#init.clock.monotonic();
    const shared = this.#shared;
    if (shared !== null && !shared.closed) {
      if (this.#writing || now - shared.takenAt < this.#maxAgeMs / 2) return shared;
    }
    this.#shared = new SharedSnapshot(this.#files.database.snapshot(), now);
    return this.#shared;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.#init.name);
  }
}

function rootOf(meta: TreeMeta): number | null {
  return meta.root === 0 ? null : meta.root;
}

function metaOver(writer: LevelNodeWriter, root: number | null, scheme: string): TreeMeta {
  const { nextRef } = writer;
  if (root === null) return { scheme, root: 0, level: 0, count: 0, nextRef };
  const { level, count } = writer.node(root);
  return { scheme, root, level, count, nextRef };
}

function closedError(name: string): StoreError {
  return new StoreError('STORE_CLOSED', `the tree '${name}' was closed: open it again`);
}
