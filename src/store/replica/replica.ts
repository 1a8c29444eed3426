import type { PartedSnapshot } from '../buffer/index.ts';
import { checkFunction, checkInit } from '../checks.ts';
import { checkId, type HeldItem, type HeldKey, type ItemKey } from '../item.ts';
import type { VerifiedItem } from '../item-id.ts';
import { type CompactOptions, type CompactResult, claim, type Database } from '../level/index.ts';
import { readOnce } from '../ranks.ts';
import { compact } from './compaction.ts';
import { setLimits, shutDown, verify } from './maintenance.ts';
import type { ChangeableLimits, ScrubOptions } from './options.ts';
import { checkReplicaInit, partsOf, type ReplicaParts } from './parts.ts';
import { listKeys, nameOf, type RangeInit, type RangePage, SetDigest } from './read/index.ts';
import type { ItemHead } from './records/index.ts';
import { opener } from './recovery/index.ts';
import type { Refusals } from './refusals/index.ts';
import type { Retention } from './retention/index.ts';
import { figuresOf, refusingOf, standingOf } from './standing.ts';
import * as storeErrors from './store-errors.ts';
import type {
  Arrival,
  ArrivalsInit,
  ArrivalsPage,
  ListInit,
  NewItem,
  PutOptions,
  PutResult,
  ReadOptions,
  ReplicaFigures,
  ReplicaInit,
  ReplicaStatus,
  Served,
  ServeLimits,
  SnapshotInit,
  VerifiedPutOptions,
} from './types.ts';
import type { VerifyOptions, VerifyResult } from './verify/index.ts';

/**
 * The durable set: payloads, index and meta in one database, written by one writer. A put resolves only
 * after a synced write, and nothing is visible before. Payloads given to it must not be changed until
 * the put has settled.
 */
export class Replica {
  readonly #parts: ReplicaParts;
  readonly #digest = new SetDigest();
  #unclaim: () => void = () => undefined;
  #closed: Promise<void> | undefined;

  private constructor(init: ReplicaInit) {
    checkReplicaInit(init);
    const open = opener(init);
    const openAlone = async (): Promise<Database> => {
      const database = await open();
      this.#unclaim();
      this.#unclaim = claim(database, init.name ?? 'set');
      return database;
    };
    this.#parts = partsOf({ ...init, open: openAlone });
  }

  /**
   * Opens the set that lies in the database; an empty database becomes an empty set. If the index must
   * be built again, that goes on after this has resolved; see `ready`. Rejects with `STORE_IN_USE` while
   * the set is open in the same database.
   */
  static async open(init: ReplicaInit): Promise<Replica> {
    const replica = new Replica(init);
    const { lifecycle, writer, puts, scrubber, incidents } = replica.#parts;
    try {
      await lifecycle.start(() => writer.serving());
      await puts.admission.refresh();
    } catch (error) {
      replica.#unclaim();
      throw error;
    }
    scrubber.start();
    incidents.listen();
    return replica;
  }

  /** Grows by at least one with every commit that changes the set. Not durable. */
  get version(): number {
    return this.#parts.changes.version;
  }

  /** Resolves once the index is whole and puts are taken; rejects if puts are refused for now. */
  ready(): Promise<void> {
    return this.#parts.committer.settled();
  }

  /** Stores items of one's own; ids are computed. Rejects with `StoreError`, per call. */
  async put(items: readonly NewItem[], options: PutOptions = {}): Promise<PutResult[]> {
    return this.#use().puts.putOwn(items, options);
  }

  /**
   * Stores items from outside. Those that `verifyItem` has not made reject the call with `ID_UNPROVED`. Refused
   * items are left out, as if they were held.
   */
  async putVerified(
    items: readonly VerifiedItem[],
    options: VerifiedPutOptions = {},
  ): Promise<PutResult<Uint8Array>[]> {
    return this.#use().puts.putVerified(items, options);
  }

  /** The item. If its bytes do not fit its id: rejects with `STORE_CORRUPT`, puts it aside, calls `onDamaged`. */
  async get(id: Uint8Array, options: ReadOptions = {}): Promise<HeldItem | undefined> {
    checkId(id);
    return this.#use().reader.get(id, options);
  }

  /**
   * Answers to the first of `ids`, in order, at least one, for a peer that asks for them. A damaged
   * item counts as not held; it is put aside, and `onDamaged` says so.
   */
  async serve(ids: readonly Uint8Array[], limits: ServeLimits): Promise<readonly Served[]> {
    return this.#use().reader.serve(ids, limits);
  }

  /**
   * Likewise for keys, without a look at id records: quick in key order. It ends at the item that reaches
   * `maxBytes`, and behind an item that is longer than `maxItemBytes`, damaged or not held.
   */
  async serveKeys(keys: readonly ItemKey[], limits: ServeLimits): Promise<readonly Served[]> {
    return this.#use().reader.serveKeys(keys, limits);
  }

  /** A held item with at most `maxBytes`, at once; undefined also where it cannot be read now, or is damaged. */
  short(id: Uint8Array, maxBytes: number): HeldItem | undefined {
    return this.#use().reader.short(id, maxBytes);
  }

  /** The first items of a range, and the ids that the index has there, for a peer that lacks them. */
  async range(init: RangeInit): Promise<RangePage> {
    return this.#use().ranges.page(init);
  }

  /** The item's hint and payload size without reading more than needed. */
  async head(id: Uint8Array): Promise<ItemHead | undefined> {
    checkId(id);
    return this.#use().reader.head(id);
  }

  contains(id: Uint8Array): boolean {
    checkId(id);
    const { puts, lookup } = this.#use();
    return !puts.pending(id) && lookup.contains(id);
  }

  /** The first `limit` held ids that begin with these 1 to 64 hexadecimal digits, in order. */
  async idsWith(prefix: string, limit: number): Promise<Uint8Array[]> {
    return this.#use().reader.idsWith(prefix, limit);
  }

  /** Keys in order from the floor on, a page at a time. */
  async list(init: ListInit = {}): Promise<HeldKey[]> {
    checkInit('list', init);
    return readOnce(this.snapshot(), (snapshot) => listKeys(snapshot, init, this.retention.floor));
  }

  /**
   * The order in which items came to this set: the entries behind the place `since`, in order. A place is
   * given once in an epoch, and an item has one. Rejects with a `FeedResetError` if `since` is not of the
   * running epoch, with `STORE_REBUILDING` while that is being found out.
   */
  async arrivals(since: number, init: ArrivalsInit): Promise<ArrivalsPage> {
    return this.#use().arrivals.page(since, init);
  }

  /** When and from where an item came; undefined if it is not held, or its place is not known. */
  async arrivalOf(id: Uint8Array): Promise<Arrival | undefined> {
    checkId(id);
    return this.#use().arrivals.of(id);
  }

  /** The running epoch of the order of arrival, 16 hexadecimal digits; zeros while it is written again. */
  get epoch(): string {
    return nameOf(this.#parts.lifecycle.state);
  }

  /** The last place in the order of arrival, as of the last commit. */
  get lastArrival(): number {
    return this.#parts.lifecycle.state.arrivals;
  }

  /** The items that are kept out of the set, whoever brings them. */
  get refusals(): Refusals {
    return this.#use().refusals;
  }

  /** The set as it is now. Throws `STORE_REBUILDING` or `STORE_UNAVAILABLE` while there is no index. */
  snapshot({ maxAgeMs }: SnapshotInit = {}): PartedSnapshot {
    const { lifecycle, lookup } = this.#use();
    return lifecycle.use().snapshot(lookup.absence(), maxAgeMs);
  }

  /** Items in the set, as of the last commit. */
  get size(): number {
    return this.#parts.lifecycle.state.items;
  }

  /** Whether the index is whole, so that `snapshot` gives one. */
  get indexed(): boolean {
    return this.#parts.lifecycle.set !== null;
  }

  /** The floor below which no items are taken, and the removal of those that are held. */
  get retention(): Retention {
    return this.#use().retention;
  }

  /** See `ReplicaStatus`. */
  get needsRefill(): boolean {
    return this.#parts.lifecycle.state.needsRefill;
  }

  /** Why puts are refused; see `ReplicaStatus`. */
  get refusing(): ReplicaStatus['refusing'] {
    return refusingOf(this.#parts);
  }

  /** Everything at once. Costs a fingerprint of the whole set whenever that has changed. */
  status(): ReplicaStatus {
    const { changes, incidents } = this.#parts;
    return {
      ...standingOf(this.#parts),
      fingerprint: this.#digest.of(changes.content, () => this.snapshot()),
      incidents: incidents.latest,
    };
  }

  /** The figures that cost nothing, for metrics. */
  figures(): ReplicaFigures {
    return figuresOf(this.#parts);
  }

  /** Calls `listener` after every commit with the keys it added; returns the way to unsubscribe. */
  onCommit(listener: (added: readonly ItemKey[]) => void): () => void {
    checkFunction('listener', listener);
    return this.#parts.changes.onAdded.add(listener);
  }

  /** Likewise after commits that gave places in the order of arrival, and at a new epoch. */
  onArrival(listener: () => void): () => void {
    checkFunction('listener', listener);
    return this.#parts.changes.onArrival.add(listener);
  }

  /** Calls `listener` with each item that was found damaged and has left the set. */
  onDamaged(listener: (key: ItemKey) => void): () => void {
    checkFunction('listener', listener);
    return this.#parts.changes.onDamaged.add(listener);
  }

  /** Calls `listener` with held items that have left the set because they were refused. */
  onDropped(listener: (keys: readonly ItemKey[]) => void): () => void {
    checkFunction('listener', listener);
    return this.#parts.changes.onDropped.add(listener);
  }

  /** Says that a reconciliation has brought back all lost items that peers hold. */
  async markRefilled(): Promise<void> {
    const { committer, lifecycle } = this.#use();
    if (lifecycle.state.needsRefill) await committer.commit((set) => set.markRefill(false));
  }

  /**
   * Compares all records with each other, as of now, while the set is in use. Changes nothing: findings
   * become an incident. The scrubber, or the next read, mends them.
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    return verify(this.#use(), options);
  }

  /** Takes other limits from now on. Items that are held stay, also above a limit. */
  setLimits(limits: Partial<ChangeableLimits>): void {
    setLimits(this.#use(), limits);
  }

  /** Takes another rate of the background check from now on. */
  setScrub(scrub: ScrubOptions): void {
    this.#use().scrubber.change(scrub);
  }

  /** Has LevelDB drop the space of removed records now. `close` waits for the piece at hand. */
  async compact(options: CompactOptions = {}): Promise<CompactResult> {
    return compact(this.#use().lifecycle, options);
  }

  /** Finishes queued puts, refuses later calls, closes the database. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= shutDown(this.#parts).then(() => this.#unclaim());
    return this.#closed;
  }

  #use(): ReplicaParts {
    if (this.#closed !== undefined) throw storeErrors.closed();
    return this.#parts;
  }
}
