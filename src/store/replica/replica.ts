import { bytesToHex, bytesToKey } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import { lthash } from '../fingerprint/lthash-kernel.ts';
import { checkHint, checkKey, type Item, type ItemKey, itemId, verifyItem } from '../item.ts';
import type { Snapshot, Storage } from '../storage.ts';
import { SortedVector } from '../vector/sorted-vector.ts';
import { Admission } from './admission.ts';
import { type Database, writeSynced } from './database.ts';
import { GroupCommit, totalBytes } from './group-commit.ts';
import { commitRecords, decodeHead, idKey, itemKey, type Totals } from './layout.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { listKeys } from './list.ts';
import { checkSchema, loadIndex } from './load.ts';
import type {
  ListInit,
  NewItem,
  PutResult,
  ReplicaInit,
  ReplicaLogger,
  ReplicaStatus,
} from './types.ts';

/** What a put waits for, item by item. */
interface Admitted {
  readonly results: PutResult[];
  readonly commits: Promise<void>[];
}

/**
 * The durable set: payloads, index and meta in one database. One writer; what is acknowledged is on
 * disk (a put's promise resolves only after a synced write), and nothing is visible before it is.
 * Payloads given to it must not be changed until the put has settled.
 */
export class Replica {
  readonly #database: Database;
  readonly #index: Storage;
  readonly #logger: ReplicaLogger | undefined;
  readonly #admission: Admission;
  readonly #commits: GroupCommit;
  readonly #listeners = new Set<(added: readonly ItemKey[]) => void>();
  readonly #puts = new Set<Promise<unknown>>();
  #totals: Totals;
  #version = 0;
  #fingerprint: { readonly version: number; readonly digest: Uint8Array } | undefined;
  /** Puts with something new pass here one after the other. */
  #line: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  private constructor(init: ReplicaInit, index: Storage, totals: Totals) {
    const limits = { ...DEFAULT_LIMITS, ...init.limits };
    this.#database = init.database;
    this.#index = index;
    this.#logger = init.logger;
    this.#totals = totals;
    this.#commits = new GroupCommit({
      limits,
      write: (items) => this.#write(items),
      committed: (items) => this.#committed(items),
    });
    this.#admission = new Admission({
      limits,
      clock: init.clock,
      disk: init.disk,
      logger: init.logger,
      heldBytes: () => this.#totals.bytes,
      pendingBytes: () => this.#commits.pendingBytes,
    });
  }

  /** Opens the set that lies in `database`; an empty database becomes an empty set. */
  static async open(init: ReplicaInit): Promise<Replica> {
    const { database, scheme = lthash } = init;
    try {
      await database.open();
      await checkSchema(database);
      const index = new SortedVector({ scheme });
      const replica = new Replica(init, index, await loadIndex(database, index, init.logger));
      // Sums are computed when first asked for: better here than in the middle of a session.
      replica.#digest();
      await replica.#admission.refresh();
      return replica;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Grows by at least one with every commit that changes the set. Not durable. */
  get version(): number {
    return this.#version;
  }

  /** Stores items of one's own; ids are computed. Rejects with `StoreError`, per call. */
  put(items: readonly NewItem[]): Promise<PutResult[]> {
    return this.#enter(() => {
      for (const { hint, payload } of items) {
        checkHint(hint);
        this.#admission.checkItem(payload.length);
      }
      return items.map(({ hint, payload }) => ({ hint, id: itemId(hint, payload), payload }));
    });
  }

  /**
   * Stores items that arrived from outside, each checked against its id (`ID_MISMATCH` rejects the
   * whole call, and nothing of it is stored).
   */
  putVerified(items: readonly Item[]): Promise<PutResult[]> {
    return this.#enter(() => {
      for (const item of items) {
        checkKey(item);
        this.#admission.checkItem(item.payload.length);
      }
      for (const item of items) verifyItem(item);
      return items;
    });
  }

  async get(id: Uint8Array): Promise<Item | undefined> {
    const head = await this.head(id);
    if (head === undefined) return undefined;
    const payload = await this.#read(itemKey({ hint: head.hint, id }));
    if (payload?.length === head.bytes) return { hint: head.hint, id: new Uint8Array(id), payload };
    throw dangling(id);
  }

  /** The item's hint and payload size without reading more than needed. */
  async head(id: Uint8Array): Promise<{ hint: bigint; bytes: number } | undefined> {
    if (!this.contains(id)) return undefined;
    const value = await this.#read(idKey(id));
    if (value === undefined) throw dangling(id);
    return decodeHead(value);
  }

  contains(id: Uint8Array): boolean {
    this.#use();
    return this.#index.contains(id);
  }

  /** Keys in order, a page at a time. */
  async list(init: ListInit = {}): Promise<ItemKey[]> {
    const snapshot = this.snapshot();
    try {
      return listKeys(snapshot, init);
    } finally {
      snapshot.release();
    }
  }

  snapshot(): Snapshot {
    this.#use();
    return this.#index.snapshot();
  }

  status(): ReplicaStatus {
    void this.#admission.refresh();
    const refusal = this.#commits.failure ?? this.#admission.refusing;
    return {
      ...this.#totals,
      fingerprint: this.#digest(),
      refusing: refusal && { code: refusal.code, message: refusal.message },
    };
  }

  /** Calls `listener` after every commit with the keys it added; returns the way to unsubscribe. */
  onCommit(listener: (added: readonly ItemKey[]) => void): () => void {
    const own = (added: readonly ItemKey[]): void => listener(added);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** Finishes what is queued, refuses what comes after, closes the database. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#drain().then(() => this.#database.close());
    return this.#closed;
  }

  async #drain(): Promise<void> {
    await Promise.allSettled(this.#puts);
  }

  /** One put: `prepare` checks what is checked of the items alone. */
  async #enter(prepare: () => readonly Item[]): Promise<PutResult[]> {
    this.#use();
    const put = this.#put(prepare());
    this.#puts.add(put);
    try {
      return await put;
    } finally {
      this.#puts.delete(put);
    }
  }

  async #put(items: readonly Item[]): Promise<PutResult[]> {
    const known = items.every(({ id }) => this.#index.contains(id));
    const { results, commits } = known ? this.#admit(items) : await this.#inLine(items);
    await Promise.all(commits);
    return results;
  }

  /** First come, first served: a small put must not pass a large one that waits for room. */
  #inLine(items: readonly Item[]): Promise<Admitted> {
    const turn = this.#line.then(async () => {
      await this.#admission.refresh();
      await this.#commits.room();
      return this.#admit(items);
    });
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  /** Queues what is new, all of it or nothing; looks at the set, and at what is on its way into it. */
  #admit(items: readonly Item[]): Admitted {
    const fresh = new Map<string, Item>();
    const commits: Promise<void>[] = [];
    const results = items.map((item): PutResult => {
      const key = bytesToKey(item.id);
      const pending = this.#commits.pending(item.id);
      if (pending !== undefined) commits.push(pending);
      const created = !pending && !fresh.has(key) && !this.#index.contains(item.id);
      if (created) fresh.set(key, item);
      return { hint: item.hint, id: item.id, created };
    });
    if (fresh.size > 0) {
      if (this.#commits.failure !== null) throw this.#commits.failure;
      this.#admission.admit(totalBytes([...fresh.values()]));
      for (const item of fresh.values()) commits.push(this.#commits.add(item));
    }
    return { results, commits };
  }

  #write(items: readonly Item[]): Promise<void> {
    return writeSynced(this.#database, commitRecords(items, this.#totalsWith(items)));
  }

  #committed(items: readonly Item[]): void {
    const added = this.#index.insert(items.map(({ hint, id }) => ({ hint, id })));
    this.#totals = this.#totalsWith(items);
    this.#version++;
    for (const listener of this.#listeners) {
      try {
        listener(added);
      } catch (error) {
        this.#logger?.error({ err: error }, 'a listener failed on a commit; the commit stands');
      }
    }
  }

  #totalsWith(items: readonly Item[]): Totals {
    return {
      items: this.#totals.items + items.length,
      bytes: this.#totals.bytes + totalBytes(items),
    };
  }

  #digest(): Uint8Array {
    if (this.#fingerprint?.version !== this.#version) {
      const snapshot = this.#index.snapshot();
      const { scheme, size } = snapshot;
      const digest = scheme.digest(snapshot.fingerprint(0, size), size);
      snapshot.release();
      this.#fingerprint = { version: this.#version, digest };
    }
    return this.#fingerprint.digest.slice();
  }

  async #read(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#use();
    try {
      // A get that goes through the thread pool costs more than reading a record of usual size does.
      const value = this.#database.getSync(key);
      return value && plain(value);
    } catch (error) {
      this.#use();
      throw new StoreError('STORE_CORRUPT', 'the database cannot be read: check its disk', {
        cause: error,
      });
    }
  }

  #use(): void {
    if (this.#closed === undefined) return;
    throw new StoreError('STORE_CLOSED', 'the store is closed: start the node again');
  }
}

/** LevelDB answers with Node's Buffers, whose `slice` is not the one of arrays. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function dangling(id: Uint8Array): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    `the bytes of item ${bytesToHex(id)} are missing from the database: start with an empty data ` +
      'directory and let the peers refill it',
  );
}
