import type { PartedSnapshot } from '../buffer/index.ts';
import { lthash } from '../fingerprint/index.ts';
import { checkHint, type Item, type ItemKey } from '../item.ts';
import { checkVerified, itemId, type VerifiedItem } from '../item-id.ts';
import type { Database } from '../level/index.ts';
import { Committer, Merger } from './commit/index.ts';
import type { DurableSet } from './durable-set/index.ts';
import { Incidents } from './incidents.ts';
import { Listeners } from './listeners.ts';
import { opener } from './opener.ts';
import { DEFAULT_INDEX, DEFAULT_LIMITS, DEFAULT_SCRUB } from './options.ts';
import { Quarantine } from './quarantine/index.ts';
import { GuardedSnapshot, IdLookup, ItemReader, listKeys, SetDigest } from './read/index.ts';
import { type ItemHead, setKeys } from './records/index.ts';
import { Scrubber } from './scrub/index.ts';
import * as trouble from './store-errors.ts';
import type {
  ListInit,
  NewItem,
  PutOptions,
  PutResult,
  ReplicaInit,
  ReplicaStatus,
  Served,
  ServeLimits,
} from './types.ts';
import { type VerifyOptions, type VerifyResult, verifyReplica } from './verify/index.ts';
import { Puts } from './write/index.ts';

/**
 * The durable set: payloads, index and meta in one database. One writer; what is acknowledged is on
 * disk (a put's promise resolves only after a synced write), and nothing is visible before it is.
 * Payloads given to it must not be changed until the put has settled.
 */
export class Replica {
  readonly #incidents: Incidents;
  readonly #keeper: Committer;
  readonly #lookup: IdLookup;
  readonly #reader: ItemReader;
  readonly #merger: Merger;
  readonly #quarantine: Quarantine;
  readonly #scrubber: Scrubber;
  readonly #added: Listeners<readonly ItemKey[]>;
  readonly #damaged: Listeners<ItemKey>;
  readonly #verify: (options: VerifyOptions) => Promise<VerifyResult>;
  readonly #puts: Puts;
  #version = 0;
  readonly #digest = new SetDigest();
  #closed: Promise<void> | undefined;

  private constructor(init: ReplicaInit) {
    const { clock, disk, logger, scheme = lthash } = init;
    const shape = { ...DEFAULT_INDEX, ...init.index };
    const keys = setKeys(init.name ?? 'set');
    this.#incidents = new Incidents(clock, logger);
    this.#added = new Listeners(logger);
    this.#damaged = new Listeners(logger);
    this.#quarantine = new Quarantine({ keys, clock });
    this.#keeper = new Committer({
      open: opener(init),
      repair: init.repair,
      keys,
      scheme,
      clock,
      disk,
      shape,
      incidents: this.#incidents,
      witness: init.witness,
      serving: (database) => this.#serving(database),
    });
    this.#lookup = new IdLookup({ keys, keeper: this.#keeper });
    this.#reader = new ItemReader({
      keys,
      keeper: this.#keeper,
      quarantine: this.#quarantine,
      incidents: this.#incidents,
      record: (id) => (this.#puts.pending(id) ? undefined : this.#lookup.record(id)),
      damaged: (key) => {
        this.#version++;
        this.#damaged.tell(() => key);
      },
    });
    this.#merger = new Merger({ keeper: this.#keeper, clock, bufferItems: shape.bufferItems });
    this.#puts = new Puts({
      limits: { ...DEFAULT_LIMITS, ...init.limits },
      clock,
      disk,
      logger,
      keeper: this.#keeper,
      lookup: this.#lookup,
      write: (items) => this.#write(items),
    });
    this.#scrubber = new Scrubber({
      keeper: this.#keeper,
      keys,
      scheme,
      clock,
      incidents: this.#incidents,
      random: init.random,
      options: { ...DEFAULT_SCRUB, ...init.scrub },
      inspect: (key) => this.#reader.inspect(key),
    });
    this.#verify = (options) =>
      verifyReplica({
        ...options,
        database: this.#keeper.database,
        name: keys.name,
        scheme,
        clock,
      });
  }

  /**
   * Opens the set that lies in the database; an empty database becomes an empty set. Where the index
   * has to be built again, that goes on after it has resolved; see `ready`.
   */
  static async open(init: ReplicaInit): Promise<Replica> {
    const replica = new Replica(init);
    await replica.#keeper.start();
    await replica.#puts.refresh();
    replica.#scrubber.start();
    return replica;
  }

  /** Grows by at least one with every commit that changes the set. Not durable. */
  get version(): number {
    return this.#version;
  }

  /** Resolves once the index is whole and puts are taken; rejects when they will not be for now. */
  ready(): Promise<void> {
    return this.#keeper.settled();
  }

  /** Stores items of one's own; ids are computed. Rejects with `StoreError`, per call. */
  async put(items: readonly NewItem[], { queued }: PutOptions = {}): Promise<PutResult[]> {
    this.#use();
    for (const { hint, payload } of items) {
      checkHint(hint);
      this.#puts.checkItem(payload.length);
    }
    const own = items.map(({ hint, payload }) => ({ hint, id: itemId(hint, payload), payload }));
    return this.#puts.enter(own, queued);
  }

  /**
   * Stores items that arrived from outside and were checked against their ids where they arrived. One
   * that `verifyItem` has not made rejects the whole call with `ID_UNPROVED`.
   */
  async putVerified(items: readonly VerifiedItem[]): Promise<PutResult[]> {
    this.#use();
    for (const item of items) {
      checkVerified(item);
      this.#puts.checkItem(item.payload.length);
    }
    return this.#puts.enter(items);
  }

  /**
   * The item, its bytes compared with its id. Rejects with `STORE_CORRUPT` when they do not agree; it
   * is put aside then, and `onDamaged` says so.
   */
  async get(id: Uint8Array): Promise<Item | undefined> {
    this.#use();
    return this.#reader.get(id);
  }

  /**
   * Answers to the first of `ids`, in order, at least one, for a peer that asks for them. What is
   * damaged counts as not held; it is put aside, and `onDamaged` says so.
   */
  async serve(ids: readonly Uint8Array[], limits: ServeLimits): Promise<readonly Served[]> {
    this.#use();
    return this.#reader.serve(ids, limits);
  }

  /** The item's hint and payload size without reading more than needed. */
  async head(id: Uint8Array): Promise<ItemHead | undefined> {
    this.#use();
    return this.#reader.head(id);
  }

  contains(id: Uint8Array): boolean {
    this.#use();
    return !this.#puts.pending(id) && this.#lookup.contains(id);
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

  /** The set as it is now. Throws `STORE_REBUILDING` or `STORE_UNAVAILABLE` while there is no index. */
  snapshot(): PartedSnapshot {
    this.#use();
    const snapshot = this.#keeper.use().snapshot();
    return new GuardedSnapshot(snapshot, {
      onDamage: (error) => this.#keeper.damaged(error),
      isAbsent: this.#lookup.absence(),
    });
  }

  /** Items in the set, as of the last commit. */
  get size(): number {
    return this.#keeper.state.items;
  }

  /** Whether the index is whole, so that `snapshot` gives one. */
  get indexed(): boolean {
    return this.#keeper.set !== null;
  }

  /** See `ReplicaStatus`. */
  get needsRefill(): boolean {
    return this.#keeper.state.needsRefill;
  }

  /** Why puts are refused; see `ReplicaStatus`. */
  get refusing(): ReplicaStatus['refusing'] {
    void this.#puts.refresh();
    const refusal = this.#keeper.trouble ?? this.#puts.refusing;
    return refusal && { code: refusal.code, message: refusal.message };
  }

  /** Everything at once. Costs a fingerprint of the whole set whenever that has changed. */
  status(): ReplicaStatus {
    const { items, bytes, needsRefill, commit } = this.#keeper.state;
    return {
      items,
      bytes,
      fingerprint: this.#digest.of(this.#version, () => this.snapshot()),
      refusing: this.refusing,
      rebuilding: this.#keeper.rebuilding,
      needsRefill,
      incidents: this.#incidents.latest,
      quarantined: this.#quarantine.size,
      commit,
      buffered: this.#keeper.set?.buffered ?? 0,
      scrub: this.#scrubber.status,
    };
  }

  /** Calls `listener` after every commit with the keys it added; returns the way to unsubscribe. */
  onCommit(listener: (added: readonly ItemKey[]) => void): () => void {
    return this.#added.add(listener);
  }

  /** Calls `listener` with each item that was found damaged and has left the set. */
  onDamaged(listener: (key: ItemKey) => void): () => void {
    return this.#damaged.add(listener);
  }

  /** Says that a reconciliation has brought back what can be had of what was lost. */
  async markRefilled(): Promise<void> {
    this.#use();
    if (!this.#keeper.state.needsRefill) return;
    await this.#keeper.commit((set) => set.markRefill(false));
  }

  /**
   * Compares everything with everything, as of now, while the set is in use. Changes nothing: what it
   * finds is an incident, and left to the scrubber, or to whoever reads it, to be mended.
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    this.#use();
    const { database } = this.#keeper;
    const result = await this.#verify(options).catch((error) => {
      const gone = !this.#keeper.readable || this.#keeper.database !== database;
      if (gone && options.signal?.aborted !== true) throw trouble.unavailable(this.#keeper.trouble);
      throw error;
    });
    if (!result.ok) this.#incidents.add('VERIFY_FAILED', trouble.found(result));
    return result;
  }

  /** Finishes what is queued, refuses what comes after, closes the database. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    this.#merger.stop();
    await this.#puts.settled();
    await this.#scrubber.stop();
    await this.#keeper.close();
  }

  /** The set was opened, again perhaps. */
  async #serving(database: Database): Promise<void> {
    this.#version++;
    this.#lookup.reset(this.#keeper.state.items === 0);
    await this.#quarantine.load(database);
    void this.#merger.begin();
  }

  async #write(items: readonly Item[]): Promise<void> {
    await this.#merger.room();
    const added = this.#lookup.adding(items);
    const late = (): void => this.#committed(items, added);
    const add = (set: DurableSet) => set.add(items, this.#quarantine.among(items));
    await this.#keeper.commit(add, { late, alone: false });
    this.#committed(items, added);
  }

  #committed(items: readonly Item[], added: () => void): void {
    this.#version++;
    added();
    this.#lookup.prepare(() => this.#keeper.database);
    this.#quarantine.restored(items);
    this.#merger.wake();
    this.#added.tell(() => items.map(({ hint, id }) => ({ hint, id })));
  }

  #use(): void {
    if (this.#closed !== undefined) throw trouble.closed();
  }
}
