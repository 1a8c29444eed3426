import type { StoreError } from '../../errors.ts';
import { type Database, type ReadyBatch, readyBatch } from '../../level/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import { isDamage } from '../durable-set/index.ts';
import type { SetState } from '../records/index.ts';
import { type LifecycleEvents, SetLifecycle, type SetLifecycleInit } from '../recovery/index.ts';
import * as storeErrors from '../store-errors.ts';
import type { ReplicaStatus, Witness } from '../types.ts';
import { Pace } from './pace.ts';
import { Pipeline } from './pipeline.ts';

export interface CommitOptions {
  /** Called once a commit, of which nobody knew, turns out to be on disk. */
  late?: () => void;
  /** Whether it must see all commits before it, also in the database. @default true */
  alone?: boolean;
}

/** A commit, and its batch, or why there is none. */
interface Made {
  readonly commit: PreparedCommit;
  readonly batch: ReadyBatch | null;
  readonly failure: unknown;
}

/** What was made of a set; null when there was nothing to do. */
interface Ready {
  readonly set: DurableSet;
  readonly made: Made | null;
}

/**
 * Writes the commits of a set one after the other. What becomes of set and database when a write fails,
 * or the index is damaged, is the matter of `SetLifecycle`; meanwhile `refusal` says why nothing is
 * written.
 */
export class Committer {
  readonly #witness: Witness | undefined;
  readonly #lifecycle: SetLifecycle;
  readonly #pace: Pace;
  readonly #turns: Pipeline;

  constructor(init: SetLifecycleInit) {
    this.#witness = init.witness;
    this.#lifecycle = new SetLifecycle(init);
    this.#pace = new Pace(init.clock);
    this.#turns = new Pipeline(() => this.#pace.rest());
  }

  /** Opens the set. Where the index has to be built again, that goes on after it has resolved. */
  start(events: LifecycleEvents): Promise<void> {
    return this.#lifecycle.start(events);
  }

  /** The set, or null while there is none to be used. */
  get set(): DurableSet | null {
    return this.#lifecycle.set;
  }

  /** The last state known. */
  get state(): SetState {
    return this.#lifecycle.state;
  }

  /** Why nothing is written, or null. */
  get refusal(): StoreError | null {
    return this.#lifecycle.refusal;
  }

  get rebuilding(): ReplicaStatus['rebuilding'] {
    return this.#lifecycle.rebuilding;
  }

  /** False while the database is being opened again. */
  get readable(): boolean {
    return this.#lifecycle.database !== null;
  }

  /** The database, for reading. Throws `STORE_UNAVAILABLE` while it is being opened again. */
  get database(): Database {
    const { database } = this.#lifecycle;
    if (database !== null) return database;
    throw storeErrors.unavailable(this.refusal);
  }

  /** The set, for reading. Throws why there is none. */
  use(): DurableSet {
    if (this.set !== null) return this.set;
    throw this.refusal ?? storeErrors.unavailable(null);
  }

  /** Waits while the database is being opened again. */
  async reader(): Promise<Database> {
    await this.#lifecycle.reopened();
    return this.database;
  }

  /** Resolves once nothing is being written, opened or built again; rejects with why nothing is written. */
  async settled(): Promise<void> {
    const lifecycle = this.#lifecycle;
    for (let seen: unknown = null; seen !== lifecycle.background; ) {
      await this.#turns.idle();
      seen = lifecycle.background;
      await Promise.all([this.#turns.idle(), lifecycle.reopened(), seen]);
    }
    if (this.refusal !== null) throw this.refusal;
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
      confirm: (ready) => this.#confirm(ready, prepare),
      carryOut: async ({ set, made }) => made !== null && this.#write(set, made, late),
    });
  }

  /** Says that a reader found the index damaged: it is built again once the running commit is done. */
  damaged(error: unknown): void {
    const lifecycle = this.#lifecycle;
    const { set } = lifecycle;
    if (set === null || lifecycle.refusal !== null || lifecycle.closed) return;
    lifecycle.refusal = storeErrors.rebuilding();
    const message = error instanceof Error ? error.message : String(error);
    void this.#turns.run({
      alone: true,
      prepare: () => undefined,
      confirm: () => undefined,
      carryOut: async () => lifecycle.rebuild(set, message),
    });
  }

  /** Lets the running commit finish and closes the database. */
  async close(): Promise<void> {
    this.#lifecycle.stop();
    await this.#turns.idle();
    await this.#lifecycle.close();
  }

  #prepare(prepare: (set: DurableSet) => PreparedCommit | null): Ready {
    if (this.refusal !== null) throw this.refusal;
    const set = this.use();
    const commit = this.#guard(() => prepare(set));
    return { set, made: commit && this.#make(commit) };
  }

  /** That it cannot be written is said in its turn: until then others are on their way before it. */
  #make(commit: PreparedCommit): Made {
    try {
      return { commit, batch: readyBatch(this.database, commit.fill), failure: null };
    } catch (failure) {
      return { commit, batch: null, failure };
    }
  }

  /** What was prepared on top of a commit that failed has fallen with it. */
  #confirm(ready: Ready, prepare: (set: DurableSet) => PreparedCommit | null): Ready {
    if (ready.set !== this.set) {
      void ready.made?.batch?.close();
      return this.#confirm(this.#prepare(prepare), prepare);
    }
    const { made } = ready;
    if (made === null || made.batch !== null) return ready;
    made.commit.discard();
    return this.#guard(() => {
      throw made.failure;
    });
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.damaged(error);
      throw storeErrors.rebuilding();
    }
  }

  async #write(set: DurableSet, { commit, batch }: Made, late: () => void): Promise<boolean> {
    if (this.refusal !== null) {
      commit.discard();
      await batch?.close();
      throw this.refusal;
    }
    commit.begin();
    try {
      await batch?.write();
    } catch (cause) {
      commit.discard();
      await this.#lifecycle.recover(cause, { number: commit.number, late });
      return true;
    }
    if (this.set !== set) throw this.refusal ?? storeErrors.unavailable(null);
    commit.commit(batch?.bytes ?? 0);
    this.#witness?.write(commit.number);
    return true;
  }
}
