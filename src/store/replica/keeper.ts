import type { Cancel, Disk } from '../environment.ts';
import type { StoreError } from '../errors.ts';
import { type Database, type ReadyBatch, readSync, readyBatch } from './database.ts';
import type { DurableSet, DurableSetInit, PreparedCommit } from './durable-set.ts';
import type { Incidents } from './incidents.ts';
import { decodeHead, type ItemHead } from './layout.ts';
import { migrateFirstSchema } from './migrate.ts';
import { type Damage, isDamage, openSet } from './open-set.ts';
import { Pace } from './pace.ts';
import { Pipeline } from './pipeline.ts';
import { type Rebuilt, rebuildIndex } from './rebuild.ts';
import { readSchema } from './schema.ts';
import { EMPTY_STATE, type SetState } from './state.ts';
import * as trouble from './trouble.ts';
import type { ReplicaStatus, Witness } from './types.ts';

export interface KeeperInit extends Omit<DurableSetInit, 'database'> {
  open: () => Promise<Database>;
  disk: Disk;
  incidents: Incidents;
  witness: Witness | undefined;
  /** Called when a set is there to be used: at opening, and again after each time of trouble. */
  serving: (database: Database) => Promise<void>;
}

/** A commit whose write failed, so that nobody knows whether it is on disk. */
interface Attempt {
  readonly number: number;
  /** Called when it turns out to be there after its caller was told that this is unknown. */
  readonly late: () => void;
}

export interface CommitOptions {
  /** Called once a commit, of which nobody knew, turns out to be on disk. */
  late?: () => void;
  /** Whether it must see all commits before it, also in the database. @default true */
  alone?: boolean;
}

/** A commit, and its batch. */
interface Made {
  readonly commit: PreparedCommit;
  readonly batch: ReadyBatch;
}

/** What was made of a set; null when there was nothing to do. */
interface Ready {
  readonly set: DurableSet;
  readonly made: Made | null;
}

/** First and longest time between two attempts to open the database again. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/** The first batch that was ever written is gone: who knows what else is. */
const SCHEMA_LOST: Damage = {
  code: 'INDEX_DAMAGED',
  message: 'the schema record of the database is gone',
};

/** Bytes to spare beside what LevelDB writes when it is opened. */
const SPARE_BYTES = 256 * 1024;

/**
 * Keeps a set and its database going. It writes commits one after the other; after a write that
 * failed it opens the database again and finds out what is there; where the index turns out to be
 * damaged it has it built again. Meanwhile `trouble` says why nothing is written.
 */
export class Keeper {
  readonly #init: KeeperInit;
  #database: Database | null = null;
  #set: DurableSet | null = null;
  #state: SetState = EMPTY_STATE;
  #trouble: StoreError | null = null;
  #rebuilding: ReplicaStatus['rebuilding'] = null;
  readonly #pace: Pace;
  readonly #turns: Pipeline;
  /** What goes on without anybody waiting for it. */
  #background: Promise<unknown> = Promise.resolve();
  #reopening: Promise<unknown> = Promise.resolve();
  #unsettled: Attempt | null = null;
  #cancelRetry: Cancel | null = null;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;

  constructor(init: KeeperInit) {
    this.#init = init;
    this.#pace = new Pace(init.clock);
    this.#turns = new Pipeline(() => this.#pace.rest());
  }

  /** Opens the set. Where the index has to be built again, that goes on after it has resolved. */
  async start(): Promise<void> {
    this.#database = await this.#init.open();
    try {
      await this.#load(this.#database);
    } catch (error) {
      await this.#database.close();
      throw error;
    }
  }

  /** The set, or null while there is none to be used. */
  get set(): DurableSet | null {
    return this.#set;
  }

  /** The last state known. */
  get state(): SetState {
    return this.#set?.state ?? this.#state;
  }

  /** Why nothing is written, or null. */
  get trouble(): StoreError | null {
    return this.#trouble;
  }

  get rebuilding(): ReplicaStatus['rebuilding'] {
    return this.#rebuilding;
  }

  /** False while the database is being opened again. */
  get readable(): boolean {
    return this.#database !== null;
  }

  /** The database, for reading. Throws `STORE_UNAVAILABLE` while it is being opened again. */
  get database(): Database {
    if (this.#database !== null) return this.#database;
    throw trouble.unavailable(this.#trouble);
  }

  /** The set, for reading. Throws why there is none. */
  use(): DurableSet {
    if (this.#set !== null) return this.#set;
    throw this.#trouble ?? trouble.unavailable(null);
  }

  /** Waits while the database is being opened again. */
  async reader(): Promise<Database> {
    await this.#reopening;
    return this.database;
  }

  /** What the id record of an item says. Throws `STORE_CORRUPT` on a damaged one. */
  head(id: Uint8Array): ItemHead | undefined {
    const value = readSync(this.database, this.#init.keys.id(id));
    return value && decodeHead(value);
  }

  /** Resolves once nothing is being written, opened or built again; rejects with what trouble is left. */
  async settled(): Promise<void> {
    for (let seen: unknown = null; seen !== this.#background; ) {
      await this.#turns.idle();
      seen = this.#background;
      await Promise.all([this.#turns.idle(), this.#reopening, seen]);
    }
    if (this.#trouble !== null) throw this.#trouble;
  }

  /**
   * Writes what `prepare` makes of the set, in turn; false when that is null. Rejects when it is not
   * on disk, or when nobody knows: then `late` is called once it turns out to be.
   */
  commit(
    prepare: (set: DurableSet) => PreparedCommit | null,
    { late = () => undefined, alone = true }: CommitOptions = {},
  ): Promise<boolean> {
    return this.#turns.run({
      alone,
      prepare: () => this.#pace.work(() => this.#prepare(prepare)),
      // What was prepared on top of a commit that failed has fallen with it.
      confirm: (ready) => {
        if (ready.set === this.#set) return ready;
        void ready.made?.batch.close();
        return this.#prepare(prepare);
      },
      carryOut: async ({ set, made }) => made !== null && this.#write(set, made, late),
    });
  }

  /** Says that a reader found the index damaged: it is built again once the running commit is done. */
  damaged(error: unknown): void {
    const set = this.#set;
    if (set === null || this.#trouble !== null || this.#closed) return;
    this.#trouble = trouble.rebuilding();
    const message = error instanceof Error ? error.message : String(error);
    void this.#turns.run({
      alone: true,
      prepare: () => undefined,
      confirm: () => undefined,
      carryOut: async () => {
        if (this.#set === set) this.#rebuild({ code: 'INDEX_DAMAGED', message }, set.state);
      },
    });
  }

  /** Lets the running commit finish and closes the database. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#trouble = trouble.closed();
    await this.#turns.idle();
    await this.#background;
    this.#drop();
    await this.#database?.close();
  }

  #prepare(prepare: (set: DurableSet) => PreparedCommit | null): Ready {
    if (this.#trouble !== null) throw this.#trouble;
    const set = this.use();
    try {
      const commit = prepare(set);
      const made = commit && { commit, batch: readyBatch(this.database, commit.fill) };
      return { set, made };
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.damaged(error);
      throw trouble.rebuilding();
    }
  }

  async #write(set: DurableSet, { commit, batch }: Made, late: () => void): Promise<boolean> {
    if (this.#trouble !== null) {
      commit.discard();
      await batch.close();
      throw this.#trouble;
    }
    commit.begin();
    try {
      await batch.write();
    } catch (cause) {
      commit.discard();
      await this.#recover(cause, { number: commit.number, late });
      return true;
    }
    if (this.#set !== set) throw this.#trouble ?? trouble.unavailable(null);
    commit.commit(batch.bytes);
    this.#init.witness?.write(commit.number);
    return true;
  }

  /** Resolves when the attempted commit is on disk; rejects when it is not, or that is unknown. */
  async #recover(cause: unknown, attempt: Attempt): Promise<void> {
    const refusal = trouble.writeFailed(cause);
    this.#trouble = refusal;
    this.#init.incidents.add('WRITE_FAILED', refusal.message, cause);
    this.#unsettled = attempt;
    const landed = await this.#reopen();
    if (landed === null) {
      this.#retryLater();
      throw trouble.unknown(refusal);
    }
    if (!landed) throw refusal;
  }

  /** Whether the unsettled commit is there; null when the database cannot be opened yet. */
  #reopen(): Promise<boolean | null> {
    const reopened = this.#tryOpen();
    this.#reopening = reopened.catch(() => undefined);
    return reopened;
  }

  async #tryOpen(): Promise<boolean | null> {
    const lack = await this.#lack();
    if (lack !== null) {
      if (!this.#closed) this.#trouble = lack;
      return null;
    }
    this.#drop();
    const old = this.#database;
    this.#database = null;
    try {
      await old?.close();
      this.#database = await this.#init.open();
      await this.#load(this.#database);
    } catch (cause) {
      await this.#database?.close().catch(() => undefined);
      this.#database = null;
      if (!this.#closed) this.#trouble = trouble.writeFailed(cause);
      return null;
    }
    const number = this.#unsettled?.number ?? 0;
    this.#unsettled = null;
    return this.#state.commit >= number;
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#cancelRetry = this.#init.clock.after(this.#retryMs, () => {
      this.#background = this.#retry();
    });
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  async #retry(): Promise<void> {
    const attempt = this.#unsettled;
    const landed = await this.#reopen();
    if (landed === null) this.#retryLater();
    else if (landed) attempt?.late();
  }

  /** While the database is still open it can be read, so it is not closed before it can be opened. */
  async #lack(): Promise<StoreError | null> {
    if (this.#database === null || this.#set === null) return null;
    const needed = this.#set.loggedBytes + SPARE_BYTES;
    const free = await this.#init.disk.freeBytes().catch(() => Number.POSITIVE_INFINITY);
    return free >= needed ? null : trouble.noRoom(needed, free);
  }

  /** Opens the set in a database, or begins to build its index again. */
  async #load(database: Database): Promise<void> {
    const { keys } = this.#init;
    const { version, lost } = await readSchema(database);
    const migrated = await migrateFirstSchema(database, keys, version);
    if (migrated) await this.#build(database, { ...EMPTY_STATE, rebuilding: true }, lost);
    const opened = await openSet({ ...this.#init, database });
    const damage = opened.damage ?? (lost && !migrated ? SCHEMA_LOST : null);
    if (opened.set !== null && damage === null) return this.#serve(opened.set);
    opened.set?.close();
    this.#state = opened.state ?? EMPTY_STATE;
    this.#rebuild(damage!, opened.state);
  }

  async #serve(set: DurableSet): Promise<void> {
    this.#state = set.state;
    this.#set = set;
    await this.#init.serving(this.database);
    this.#rebuilding = null;
    this.#trouble = this.#closed ? trouble.closed() : null;
    this.#retryMs = FIRST_RETRY_MS;
    await this.#askWitness(set.state);
  }

  /** The witness knows of commits that were on disk and of which the database knows nothing. */
  async #askWitness({ commit }: SetState): Promise<void> {
    const known = (await this.#init.witness?.read()) ?? 0;
    this.#init.witness?.write(commit);
    if (known <= commit) return;
    const lost = `commits up to ${known} were on disk, the database ends with ${commit}`;
    this.#init.incidents.add('COMMITS_LOST', `${lost}: the peers will refill what was lost`);
    this.#background = this.commit((set) => set.markRefill(true)).catch(() => undefined);
  }

  #rebuild(damage: Damage, state: SetState | null): void {
    this.#drop();
    this.#trouble = trouble.rebuilding();
    const message = `${damage.message}: the index is built again from the items`;
    this.#init.incidents.add(damage.code, message);
    this.#background = this.#rebuildNow(state).catch((cause) => {
      if (this.#closed) return;
      this.#trouble = trouble.writeFailed(cause);
      this.#init.incidents.add('WRITE_FAILED', this.#trouble.message, cause);
      this.#retryLater();
    });
  }

  async #rebuildNow(state: SetState | null): Promise<void> {
    const { state: built, unreadable } = await this.#build(this.database, state, true);
    const opened = await openSet({ ...this.#init, database: this.database });
    if (opened.damage !== null) throw new Error(opened.damage.message);
    const before = state === null ? '' : `; the last commit counted ${state.items}`;
    const lost = unreadable === 0 ? '' : `; ${unreadable} cannot be read and were put aside`;
    const message = `the index holds ${built.items} items again${before}${lost}`;
    this.#init.incidents.add('INDEX_REBUILT', message);
    await this.#serve(opened.set);
  }

  #build(database: Database, state: SetState | null, lossy: boolean): Promise<Rebuilt> {
    this.#rebuilding = { items: 0, of: state?.items ?? 0 };
    const progress = (items: number): void => {
      if (this.#closed) throw trouble.closed();
      this.#rebuilding = { items, of: Math.max(items, state?.items ?? 0) };
    };
    return rebuildIndex({ ...this.#init, database, state, lossy, progress });
  }

  /** Ends all snapshots. */
  #drop(): void {
    if (this.#set === null) return;
    this.#state = this.#set.state;
    this.#set.close();
    this.#set = null;
  }
}
