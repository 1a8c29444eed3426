import type { PartedSnapshot } from '../buffer/index.ts';
import { lthash } from '../fingerprint/index.ts';
import { checkHint, type Item, type ItemKey } from '../item.ts';
import { checkVerified, itemId, type VerifiedItem } from '../item-id.ts';
import { Committer, Merger } from './commit/index.ts';
import { Incidents } from './incidents.ts';
import { opener } from './opener.ts';
import { DEFAULT_INDEX, DEFAULT_LIMITS, DEFAULT_SCRUB } from './options.ts';
import { Quarantine } from './quarantine/index.ts';
import { GuardedSnapshot, IdLookup, ItemReader, listKeys, SetDigest } from './read/index.ts';
import { type ItemHead, setKeys } from './records/index.ts';
import { Scrubber } from './scrub/index.ts';
import { SetChanges } from './set-changes.ts';
import * as storeErrors from './store-errors.ts';
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
import { Puts, SetWriter } from './write/index.ts';

/**
 * The durable set: payloads, index and meta in one database. One writer; what is acknowledged is on
 * disk (a put's promise resolves only after a synced write), and nothing is visible before it is.
 * Payloads given to it must not be changed until the put has settled.
 */
export class Replica {
  readonly #incidents: Incidents;
  readonly #committer: Committer;
  readonly #lookup: IdLookup;
  readonly #reader: ItemReader;
  readonly #merger: Merger;
  readonly #quarantine: Quarantine;
  readonly #scrubber: Scrubber;
  readonly #changes: SetChanges;
  readonly #verify: (options: VerifyOptions) => Promise<VerifyResult>;
  readonly #writer: SetWriter;
  readonly #puts: Puts;
  readonly #digest = new SetDigest();
  #closed: Promise<void> | undefined;

  private constructor(init: ReplicaInit) {
    const { clock, disk, logger, random, repair, witness, scheme = lthash } = init;
    const shape = { ...DEFAULT_INDEX, ...init.index };
    const keys = setKeys(init.name ?? 'set');
    const incidents = new Incidents(clock, logger);
    const changes = new SetChanges(logger);
    const quarantine = new Quarantine({ keys, clock });
    const open = opener(init);
    const set = { keys, scheme, clock, disk, shape, incidents };
    const committer = new Committer({ ...set, open, repair, witness });
    const lookup = new IdLookup({ keys, committer });
    const merger = new Merger({ committer, clock, bufferItems: shape.bufferItems });
    const parts = { ...set, committer, quarantine, lookup, merger, changes };
    this.#incidents = incidents;
    this.#changes = changes;
    this.#quarantine = quarantine;
    this.#committer = committer;
    this.#lookup = lookup;
    this.#merger = merger;
    this.#writer = new SetWriter(parts);
    const limits = { ...DEFAULT_LIMITS, ...init.limits };
    this.#puts = new Puts({ ...parts, limits, logger, writer: this.#writer });
    this.#reader = new ItemReader({
      ...parts,
      record: (id) => (this.#puts.pending(id) ? undefined : lookup.record(id)),
    });
    this.#scrubber = new Scrubber({
      ...parts,
      random,
      options: { ...DEFAULT_SCRUB, ...init.scrub },
      inspect: (key) => this.#reader.inspect(key),
    });
    const { name } = keys;
    this.#verify = (options) =>
      verifyReplica({ ...options, database: committer.database, name, scheme, clock });
  }

  /**
   * Opens the set that lies in the database; an empty database becomes an empty set. Where the index
   * has to be built again, that goes on after it has resolved; see `ready`.
   */
  static async open(init: ReplicaInit): Promise<Replica> {
    const replica = new Replica(init);
    await replica.#committer.start(replica.#writer);
    await replica.#puts.admission.refresh();
    replica.#scrubber.start();
    return replica;
  }

  /** Grows by at least one with every commit that changes the set. Not durable. */
  get version(): number {
    return this.#changes.version;
  }

  /** Resolves once the index is whole and puts are taken; rejects when they will not be for now. */
  ready(): Promise<void> {
    return this.#committer.settled();
  }

  /** Stores items of one's own; ids are computed. Rejects with `StoreError`, per call. */
  async put(items: readonly NewItem[], { queued }: PutOptions = {}): Promise<PutResult[]> {
    this.#use();
    for (const { hint, payload } of items) {
      checkHint(hint);
      this.#puts.admission.checkItem(payload.length);
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
      this.#puts.admission.checkItem(item.payload.length);
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
    const snapshot = this.#committer.use().snapshot();
    return new GuardedSnapshot(snapshot, {
      onDamage: (error) => this.#committer.damaged(error),
      isAbsent: this.#lookup.absence(),
    });
  }

  /** Items in the set, as of the last commit. */
  get size(): number {
    return this.#committer.state.items;
  }

  /** Whether the index is whole, so that `snapshot` gives one. */
  get indexed(): boolean {
    return this.#committer.set !== null;
  }

  /** See `ReplicaStatus`. */
  get needsRefill(): boolean {
    return this.#committer.state.needsRefill;
  }

  /** Why puts are refused; see `ReplicaStatus`. */
  get refusing(): ReplicaStatus['refusing'] {
    void this.#puts.admission.refresh();
    const refusal = this.#committer.refusal ?? this.#puts.admission.refusing;
    return refusal && { code: refusal.code, message: refusal.message };
  }

  /** Everything at once. Costs a fingerprint of the whole set whenever that has changed. */
  status(): ReplicaStatus {
    const { items, bytes, needsRefill, commit } = this.#committer.state;
    return {
      items,
      bytes,
      fingerprint: this.#digest.of(this.#changes.version, () => this.snapshot()),
      refusing: this.refusing,
      rebuilding: this.#committer.rebuilding,
      needsRefill,
      incidents: this.#incidents.latest,
      quarantined: this.#quarantine.size,
      commit,
      buffered: this.#committer.set?.buffered ?? 0,
      scrub: this.#scrubber.status,
    };
  }

  /** Calls `listener` after every commit with the keys it added; returns the way to unsubscribe. */
  onCommit(listener: (added: readonly ItemKey[]) => void): () => void {
    return this.#changes.onAdded.add(listener);
  }

  /** Calls `listener` with each item that was found damaged and has left the set. */
  onDamaged(listener: (key: ItemKey) => void): () => void {
    return this.#changes.onDamaged.add(listener);
  }

  /** Says that a reconciliation has brought back what can be had of what was lost. */
  async markRefilled(): Promise<void> {
    this.#use();
    if (!this.#committer.state.needsRefill) return;
    await this.#committer.commit((set) => set.markRefill(false));
  }

  /**
   * Compares everything with everything, as of now, while the set is in use. Changes nothing: what it
   * finds is an incident, and left to the scrubber, or to whoever reads it, to be mended.
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    this.#use();
    const { database } = this.#committer;
    const result = await this.#verify(options).catch((error) => {
      const gone = !this.#committer.readable || this.#committer.database !== database;
      if (gone && options.signal?.aborted !== true)
        throw storeErrors.unavailable(this.#committer.refusal);
      throw error;
    });
    if (!result.ok) this.#incidents.add('VERIFY_FAILED', storeErrors.found(result));
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
    await this.#committer.close();
  }

  #use(): void {
    if (this.#closed !== undefined) throw storeErrors.closed();
  }
}
