import { Alarm } from '../../alarm.ts';
import type { Disk } from '../../environment.ts';
import type { StoreError } from '../../errors.ts';
import type { Database } from '../../level/index.ts';
import type { Damage, DurableSet } from '../durable-set/index.ts';
import { EMPTY_STATE, type SetState } from '../records/index.ts';
import * as storeErrors from '../store-errors.ts';
import type { ReplicaStatus, Witness } from '../types.ts';
import { DatabaseHandle, type DatabaseHandleInit } from './database-handle.ts';
import { SetLoader, type SetLoaderInit } from './set-loader.ts';

export interface SetLifecycleInit extends SetLoaderInit, DatabaseHandleInit {
  disk: Disk;
  witness: Witness | undefined;
}

/** Hears what becomes of a set. */
export interface LifecycleEvents {
  /** A set is there to be used: at opening, and again after each failure. */
  serving(database: Database): Promise<void>;
  /** Commits were lost that had been on disk: the next commit must say that the set needs a refill. */
  commitsLost(): Promise<unknown>;
}

/** A commit whose write failed, so that nobody knows whether it is on disk. */
export interface Attempt {
  readonly number: number;
  /** Called when it turns out to be there after its caller was told that this is unknown. */
  readonly late: () => void;
}

/** What became of an attempt: on disk or not, or nobody knows, or the database cannot be opened yet. */
type WriteOutcome = 'there' | 'gone' | 'unknown' | 'unopened';

/** First and longest time between two attempts to open the database again. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

const REPAIRED: Damage = {
  code: 'INDEX_DAMAGED',
  message: 'some of the database could not be read, and is left out now',
};

/** Bytes to spare beside what LevelDB writes when it is opened. */
const SPARE_BYTES = 256 * 1024;

/**
 * Has a set and its database open. After a write that failed it opens them again and finds out what is
 * there; where the index turns out to be damaged it has it built again. One of these goes on at a time.
 */
export class SetLifecycle {
  readonly #init: SetLifecycleInit;
  readonly #database: DatabaseHandle;
  readonly #loader: SetLoader;
  #events: LifecycleEvents | null = null;
  #set: DurableSet | null = null;
  #state: SetState = EMPTY_STATE;
  /** What goes on without anybody waiting for it. */
  #background: Promise<unknown> = Promise.resolve();
  #reopening: Promise<unknown> = Promise.resolve();
  #unsettled: Attempt | null = null;
  readonly #retryAlarm: Alarm;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;
  /** Why nothing is written, or null. */
  refusal: StoreError | null = null;

  constructor(init: SetLifecycleInit) {
    this.#init = init;
    this.#retryAlarm = new Alarm(init.clock);
    this.#database = new DatabaseHandle(init);
    this.#loader = new SetLoader(init);
  }

  /** Opens the set. Where the index has to be built again, that goes on after it has resolved. */
  async start(events: LifecycleEvents): Promise<void> {
    this.#events = events;
    const database = await this.#database.open();
    try {
      await this.#load(database, null);
    } catch (error) {
      await database.close();
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

  get rebuilding(): ReplicaStatus['rebuilding'] {
    return this.#loader.progress;
  }

  /** Null while it is being opened again. */
  get database(): Database | null {
    return this.#database.current;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Waits while the database is being opened again. */
  async reopened(): Promise<void> {
    await this.#reopening;
  }

  /** What goes on at the moment; another one when something else has begun. */
  get background(): Promise<unknown> {
    return this.#background;
  }

  /**
   * After a write that failed: resolves when the attempted commit is on disk; rejects when it is not,
   * or that is unknown.
   */
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

  /** Builds the index of `set` again, unless that is done with, or being recovered from already. */
  rebuild(set: DurableSet, message: string): void {
    if (this.#set !== set || this.#closed || this.#retryAlarm.pending) return;
    this.#rebuild({ code: 'INDEX_DAMAGED', message }, set.state);
  }

  /** Nothing is begun from here on. */
  stop(): void {
    this.#closed = true;
    this.#loader.stop();
    this.#retryAlarm.cancel();
    this.refusal = storeErrors.closed();
  }

  /** Closes the database once nothing goes on any more. */
  async close(): Promise<void> {
    for (let seen: unknown = null; seen !== this.#background; ) {
      seen = this.#background;
      await Promise.all([seen, this.#reopening]);
    }
    this.#drop();
    await this.#database.close();
  }

  #reopen(): Promise<WriteOutcome> {
    const reopened = this.#tryOpen();
    this.#reopening = reopened.catch(() => undefined);
    return reopened;
  }

  async #tryOpen(): Promise<WriteOutcome> {
    const lack = await this.#lack();
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

  /** None is waiting by then: nothing is written or built while one does. */
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

  /** While the database is still open it can be read, so it is not closed before it can be opened. */
  async #lack(): Promise<StoreError | null> {
    if (this.#set === null) return null;
    const needed = this.#set.loggedBytes + SPARE_BYTES;
    const free = await this.#init.disk.freeBytes().catch(() => Number.POSITIVE_INFINITY);
    return free >= needed ? null : storeErrors.noRoom(needed, free);
  }

  /** Opens the set in a database, or begins to build its index again; the state that was found. */
  async #load(database: Database, known: Damage | null): Promise<SetState | null> {
    const { set, damage, state } = await this.#loader.load(database, known);
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
      await this.#events!.serving(this.database!);
    } catch (error) {
      this.#drop();
      throw error;
    }
    this.#loader.served();
    this.#refuse(null);
    this.#retryMs = FIRST_RETRY_MS;
    this.#compare(known, set.state.commit);
  }

  /**
   * The witness may know of commits that were on disk and of which the database knows nothing. It goes
   * on knowing of them until the first commit from here on has said so in the database.
   */
  #compare(known: number, commit: number): void {
    if (known <= commit) {
      this.#init.witness?.write(commit);
      return;
    }
    const lost = `commits up to ${known} were on disk, the database ends with ${commit}`;
    this.#init.incidents.add('COMMITS_LOST', `${lost}: the peers will refill what was lost`);
    // When it fails the set is opened again, and the witness asked again.
    this.#background = this.#events!.commitsLost().catch(() => undefined);
  }

  #rebuild(damage: Damage, state: SetState | null): void {
    this.#drop();
    this.#refuse(storeErrors.rebuilding());
    const message = `${damage.message}: the index is built again from the items`;
    this.#init.incidents.add(damage.code, message);
    this.#background = this.#rebuildNow(state).catch((cause) => {
      if (this.#closed) return;
      const refusal = storeErrors.writeFailed(cause);
      this.#refuse(refusal);
      this.#database.failed(cause);
      this.#init.incidents.add('WRITE_FAILED', refusal.message, cause);
      this.#retryLater();
    });
  }

  async #rebuildNow(state: SetState | null): Promise<void> {
    await this.#serve(await this.#loader.rebuild(this.database!, state));
  }

  /** Once it is closed, it stays that. */
  #refuse(reason: StoreError | null): void {
    if (!this.#closed) this.refusal = reason;
  }

  /** Ends all snapshots. */
  #drop(): void {
    if (this.#set === null) return;
    this.#state = this.#set.state;
    this.#set.close();
    this.#set = null;
  }
}
