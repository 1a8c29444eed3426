import type { AbstractSnapshot } from 'abstract-level';
import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/scheme.ts';
import type { ItemKey } from '../../item.ts';
import type { Database } from '../../replica/database.ts';
import { insertInto } from '../insert.ts';
import type { TreeNode } from '../node.ts';
import { removeFrom } from '../remove.ts';
import { runOf } from '../run.ts';
import { type TreeShape, type TreeShapeInit, treeShape } from '../shape.ts';
import { TreeSnapshot } from '../snapshot.ts';
import { auditTree } from './audit.ts';
import { ByteCache } from './cache.ts';
import { treeKeys } from './keys.ts';
import { LevelLease, SharedSnapshot } from './lease.ts';
import { encodeMeta, type TreeMeta } from './meta.ts';
import { openMeta } from './open.ts';
import { LevelNodeReader, type LevelTreeFiles } from './reader.ts';
import { type BatchOperation, LevelNodeWriter } from './writer.ts';

export interface DurableTreeInit extends TreeShapeInit {
  /** Open; stays open when the tree is closed. */
  database: Database;
  /** What the keys of the tree begin with; only one open tree of a name may write. */
  name: string;
  clock: Clock;
  /** Whether the whole set held an id as of a snapshot of the database. */
  contains: (id: Uint8Array, snapshot: AbstractSnapshot) => boolean;
  /**
   * Bytes of decoded nodes and summaries to keep in memory. Lowering it saves memory and makes reads
   * go to LevelDB, some 10 microseconds a node.
   * @default 64 MiB
   */
  cacheBytes?: number;
  /**
   * Milliseconds after which a snapshot is closed whether it is in use or not. Raising it keeps what
   * long sessions read on disk for longer; lowering it makes them begin anew more often.
   * @default 600_000
   */
  maxSnapshotAgeMs?: number;
}

/** Keys to remove, then keys to insert: each in ascending order, and there, respectively not there. */
export interface TreeWrite {
  readonly remove?: readonly ItemKey[];
  readonly insert?: readonly ItemKey[];
}

/** A write that is worked out but not visible: not on disk, not in any cache or snapshot. */
export interface PreparedWrite {
  /** To be written in one batch, with whatever else must be there exactly when they are. */
  readonly operations: readonly BatchOperation[];
  /** Says that the batch is on disk, and makes the write visible. */
  commit(): void;
  /**
   * Says that the batch was not written, and forgets it. When that is not certain, the tree must be
   * closed and opened again.
   */
  discard(): void;
}

const MIB = 2 ** 20;

/**
 * A tree of fingerprints in LevelDB, for an owner that writes it together with records of its own.
 * Reading is synchronous. Nodes never change; a write replaces those on its paths by new ones and
 * deletes the old in the same batch, so that nothing is ever left over; snapshots still see them,
 * through LevelDB's own.
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
  #closed = false;

  private constructor(init: DurableTreeInit, files: LevelTreeFiles, meta: TreeMeta) {
    this.#init = init;
    this.#shape = treeShape(init);
    this.#maxAgeMs = init.maxSnapshotAgeMs ?? 600_000;
    this.#files = files;
    this.#meta = meta;
  }

  /**
   * Opens, or begins, the tree of a name; reads its meta and root only. Throws `STORE_CORRUPT` when
   * these are damaged, `UNSUPPORTED_SCHEMA` when its summaries are of another scheme.
   */
  static open(init: DurableTreeInit): DurableTree {
    const { database, name, scheme, cacheBytes = 64 * MIB } = init;
    const { stateBytes } = scheme;
    const cache = new ByteCache<TreeNode<number> | Uint8Array>(cacheBytes);
    const files = { database, name, keys: treeKeys(name), stateBytes, cache };
    return new DurableTree(init, files, openMeta(files, scheme));
  }

  get scheme(): FingerprintScheme {
    return this.#shape.scheme;
  }

  get size(): number {
    return this.#meta.count;
  }

  /**
   * Works out a write. The next one can be prepared when this one is committed or discarded. Throws a
   * RangeError, and changes nothing, unless the keys are as `TreeWrite` says.
   */
  prepare(write: TreeWrite): PreparedWrite {
    this.#checkOpen();
    if (this.#writing) throw new Error('a prepared write must be committed or discarded first');
    const writer = new LevelNodeWriter(new LevelNodeReader(this.#files), this.#meta.nextRef);
    const less = removeFrom(this.#shape, writer, rootOf(this.#meta), runOf(write.remove ?? []));
    const root = insertInto(this.#shape, writer, less, runOf(write.insert ?? []));
    const meta = metaOver(writer, root, this.scheme.name);
    const operations = writer.operations(this.#files);
    operations.push({ type: 'put', key: this.#files.keys.meta, value: encodeMeta(meta) });
    return this.#prepared(writer, meta, operations);
  }

  /** The tree as it is now. Costs nothing beyond one of LevelDB's snapshots. */
  snapshot(): TreeSnapshot<number> {
    this.#checkOpen();
    const { clock, contains } = this.#init;
    const shared = this.#current();
    const lease = new LevelLease({
      shared,
      clock,
      maxAgeMs: this.#maxAgeMs,
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

  /** Ends all snapshots and forgets everything. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const lease of this.#leases) lease.end(closedError(this.#init.name));
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

  #prepared(
    writer: LevelNodeWriter,
    meta: TreeMeta,
    operations: readonly BatchOperation[],
  ): PreparedWrite {
    // Taken before the batch can reach the disk: whoever comes until it is committed reads this.
    const before = this.#current();
    before.acquire();
    this.#writing = true;
    let settled = false;
    const settle = (after: TreeMeta): void => {
      settled = true;
      this.#writing = false;
      this.#meta = after;
      before.release();
    };
    return {
      operations,
      commit: () => {
        if (settled) return;
        this.#shared = null;
        writer.publish(this.#files);
        settle(meta);
      },
      discard: () => {
        if (!settled) settle({ ...this.#meta, nextRef: meta.nextRef });
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
