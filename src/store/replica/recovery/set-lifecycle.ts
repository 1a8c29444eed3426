import { Alarm } from '../../alarm.ts';
import type { Disk } from '../../environment.ts';
import type { StoreError } from '../../errors.ts';
import type { Database } from '../../level/index.ts';
import type { Damage, DurableSet } from '../durable-set/index.ts';
import { EMPTY_STATE, type SetState } from '../records/index.ts';
import * as storeErrors from '../store-errors.ts';
import type { ReplicaStatus, Witness } from '../types.ts';
import { DatabaseHandle, type DatabaseHandleInit } from './database-handle.ts';
import { lackOf } from './lack.ts';
import { REPAIRED, SetLoader, type SetLoaderInit } from './set-loader.ts';

export interface SetLifecycleInit extends SetLoaderInit, DatabaseHandleInit {
  disk: Disk;
  witness?: Witness | undefined;
}

/** A commit whose write failed: whether it is on disk is unknown. */
export interface Attempt {
  readonly number: number;
  /** See `CommitOptions.late`. */
  readonly late: () => void;
}

/** The fate of an attempt; `unopened` while the database cannot be opened. */
type WriteOutcome = 'there' | 'gone' | 'unknown' | 'unopened';

/** Between two attempts to open the database again: at first, and at most. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Holds a set and its database open. After a failed write it opens them again and finds out whether the
 * commit is on disk. It rebuilds a damaged index. Only one of these goes on at a time.
 */
export class SetLifecycle {
  readonly #init: SetLifecycleInit;
  readonly #commitsLost: () => Promise<unknown>;
  readonly #database: DatabaseHandle;
  readonly #loader: SetLoader;
  #serving: () => Promise<void> = async () => undefined;
  #set: DurableSet | null = null;
  #state: SetState = EMPTY_STATE;
  /** Work that no caller waits for. */
  #background: Promise<unknown> = Promise.resolve();
  #reopening: Promise<unknown> = Promise.resolve();
  #unsettled: Attempt | null = null;
  readonly #retryAlarm: Alarm;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;
  #refusal: StoreError | null = null;

  /** @param commitsLost Called if commits that had been on disk are gone; must commit that. */
  constructor(init: SetLifecycleInit, commitsLost: () => Promise<unknown>) {
    this.#init = init;
    this.#commitsLost = commitsLost;
    this.#retryAlarm = new Alarm(init.clock);
    this.#database = new DatabaseHandle(init);
    this.#loader = new SetLoader(init);
  }

  /**
   * Opens the set. If the index must be built again, that goes on after this has resolved.
   *
   * @param serving Called when a set can be used: at opening, and again after each failure.
   */
  async start(serving: () => Promise<void>): Promise<void> {
    this.#serving = serving;
    const repaired = await this.#database.begin();
    try {
      await this.#load(this.#database.current!, repaired ? REPAIRED : null);
    } catch (error) {
      await this.#database.close();
      throw error;
    }
  }

  get set(): DurableSet | null {
    return this.#set;
  }

  /** The set, for reading. Throws why there is none. */
  use(): DurableSet {
    if (this.#set !== null) return this.#set;
    throw this.#refusal ?? storeErrors.unavailable(null);
  }

  /** The last state known. */
  get state(): SetState {
    return this.#set?.state ?? this.#state;
  }

  /** Why nothing is written, or null. */
  get refusal(): StoreError | null {
    return this.#refusal;
  }

  get rebuilding(): ReplicaStatus['rebuilding'] {
    return this.#loader.progress;
  }

  /** False while the database is being opened again. */
  get readable(): boolean {
    return this.#database.current !== null;
  }

  /** The database, for reading. Throws `STORE_UNAVAILABLE` while it is being opened again. */
  get database(): Database {
    const { current } = this.#database;
    if (current !== null) return current;
    throw storeErrors.unavailable(this.#refusal);
  }

  /** Waits while the database is being opened again. */
  async reader(): Promise<Database> {
    await this.#reopening;
    return this.database;
  }

  /** Resolves once nothing is opened or built again, and `idle` says that nothing is written. */
  async quiet(idle: () => Promise<void>): Promise<void> {
    for (let seen: unknown = null; seen !== this.#background; ) {
      await idle();
      seen = this.#background;
      await Promise.all([idle(), this.#reopening, seen]);
    }
  }

  /** After a failed write: resolves if the commit is on disk; rejects if it is not, or if that is unknown. */
  async recover(cause: unknown, attempt: Attempt): Promise<void> {
    const refusal = storeErrors.writeFailed(cause);
    this.#refuse(refusal);
    this.#init.incidents.add('WRITE_FAILED', refusal.message, cause);
    this.#database.failed(cause);
    this.#unsettled = attempt;
    const outcome = await this.#reopen();
    if (outcome === 'unopened') this.#retryLater();
    if (outcome === 'gone') throw refusal;
    if (outcome !== 'there') throw storeErrors.unknown(refusal);
  }

  /**
   * A reader found the index damaged: nothing more is written. Returns the function that builds it
   * again, to be called between two commits; null if the set is gone or refuses writes already.
   */
  damaged(error: unknown): (() => void) | null {
    const set = this.#set;
    if (set === null || this.#refusal !== null) return null;
    this.#refuse(storeErrors.rebuilding());
    const message = storeErrors.messageOf(error);
    return () => {
      if (this.#set !== set || this.#closed || this.#retryAlarm.pending) return;
      this.#rebuild({ code: 'INDEX_DAMAGED', message }, set.state);
    };
  }

  /** Whether a table of the database is damaged; a rebuild repairs it then. */
  isDamaged(): Promise<boolean> {
    return this.#database.isDamaged();
  }

  stop(): void {
    this.#closed = true;
    this.#loader.stop();
    this.#retryAlarm.cancel();
    this.#refusal = storeErrors.closed();
  }

  /** Closes the database once nothing is opened or built again. */
  async close(): Promise<void> {
    await this.quiet(async () => undefined);
    this.#drop();
    await this.#database.close();
  }

  #reopen(): Promise<WriteOutcome> {
    const reopened = this.#tryOpen();
    this.#reopening = reopened.catch(() => undefined);
    return reopened;
  }

  async #tryOpen(): Promise<WriteOutcome> {
    // An open database can be read, so it is closed only if it can be opened again.
    const lack = this.#set && (await lackOf(this.#init.disk, this.#set.loggedBytes));
    if (this.#closed) return 'unopened';
    if (lack !== null) {
      this.#refuse(lack);
      return 'unopened';
    }
    this.#drop();
    if (this.#database.needsRepair) this.#refuse(storeErrors.repairing());
    let known: SetState | null;
    try {
      const repaired = await this.#database.release();
      known = await this.#load(await this.#database.open(), repaired ? REPAIRED : null);
    } catch (cause) {
      await this.#database.abandon();
      this.#refuse(storeErrors.writeFailed(cause));
      return 'unopened';
    }
    const number = this.#unsettled?.number ?? 0;
    this.#unsettled = null;
    if (known === null) return 'unknown';
    return known.commit >= number ? 'there' : 'gone';
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#retryAlarm.set(this.#retryMs, () => {
      this.#background = this.#retry();
    });
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  async #retry(): Promise<void> {
    const attempt = this.#unsettled;
    const outcome = await this.#reopen();
    if (outcome === 'unopened') this.#retryLater();
    else if (outcome === 'there') attempt?.late();
  }

  /** Opens the set in a database, or begins to build its index again. Returns the state found. */
  async #load(database: Database, known: Damage | null): Promise<SetState | null> {
    const { set, damage, state } = await this.#loader.load(database, known);
    await this.#database.loaded();
    if (damage === null) await this.#serve(set);
    else {
      this.#state = state ?? EMPTY_STATE;
      this.#rebuild(damage, state);
    }
    return state;
  }

  async #serve(set: DurableSet): Promise<void> {
    this.#state = set.state;
    const known = (await this.#init.witness?.read()) ?? 0;
    this.#set = set;
    try {
      await this.#serving();
    } catch (error) {
      this.#drop();
      throw error;
    }
    this.#loader.served();
    await this.#database.served();
    this.#refuse(null);
    this.#retryMs = FIRST_RETRY_MS;
    this.#compare(known, set.state.commit);
  }

  /** The witness keeps its number until the database has recorded the loss. */
  #compare(known: number, commit: number): void {
    if (known <= commit) {
      this.#init.witness?.write(commit);
      return;
    }
    const lost = `commits up to ${known} were on disk, the database ends with ${commit}`;
    this.#init.incidents.add('COMMITS_LOST', `${lost}: the peers will refill what was lost`);
    // After a failure the set is opened again, which comes back to here.
    this.#background = this.#commitsLost().catch(() => undefined);
  }

  #rebuild(damage: Damage, state: SetState | null): void {
    this.#drop();
    this.#refuse(storeErrors.rebuilding());
    const message = `${damage.message}: the index is built again from the items`;
    this.#init.incidents.add(damage.code, message);
    this.#background = this.#rebuildNow(damage, state).catch((cause) => {
      if (this.#closed) return;
      const refusal = storeErrors.writeFailed(cause);
      this.#refuse(refusal);
      this.#database.failed(cause);
      this.#init.incidents.add('WRITE_FAILED', refusal.message, cause);
      this.#retryLater();
    });
  }

  /** Damaged tables are repaired first, unless a repair was the cause. */
  async #rebuildNow(damage: Damage, state: SetState | null): Promise<void> {
    if (damage !== REPAIRED && (await this.#database.isDamaged())) {
      if ((await this.#reopen()) === 'unopened') this.#retryLater();
      return;
    }
    await this.#serve(await this.#loader.rebuild(this.database, state, damage));
  }

  #refuse(reason: StoreError | null): void {
    if (!this.#closed) this.#refusal = reason;
  }

  #drop(): void {
    if (this.#set === null) return;
    this.#state = this.#set.state;
    this.#set.close();
    this.#set = null;
  }
}
