import { type Database, isReadFailure, type ReadyBatch, readyBatch } from '../../level/index.ts';
import { type DurableSet, isDamage, type PreparedCommit } from '../durable-set/index.ts';
import { SetLifecycle, type SetLifecycleInit } from '../recovery/index.ts';
import * as storeErrors from '../store-errors.ts';
import type { ReplicaInit, Witness } from '../types.ts';
import { Pipeline } from './pipeline.ts';

export interface CommitOptions {
  /** Called if a commit whose caller was told "unknown" turns out to be on disk. */
  late?: () => void;
  /** Whether it must see all commits before it, also in the database. @default true */
  alone?: boolean;
}

/** What a committer needs beside what the life of a set does. */
export interface CommitterInit extends SetLifecycleInit {
  /** See `ReplicaInit`. */
  onWritten?: ReplicaInit['onWritten'] | undefined;
  /** Called when a new epoch has begun in an open set. */
  onEpoch?: () => void;
}

type Prepare = (set: DurableSet) => PreparedCommit | null;

interface Staged {
  readonly set: DurableSet;
  readonly database: Database;
  /** Null when there was nothing to do. */
  readonly commit: PreparedCommit | null;
}

interface Made extends Staged {
  /** Null also when filling it failed. */
  readonly batch: ReadyBatch | null;
  readonly failure: unknown;
}

/** Between two incidents of failed reads. */
const READ_FAILURE_MS = 60_000;

/**
 * Writes the commits of a set one after the other. `SetLifecycle` handles failed writes and a damaged
 * index; meanwhile its `refusal` says why nothing is written.
 */
export class Committer {
  /** The set and its database, for readers. */
  readonly lifecycle: SetLifecycle;
  readonly #witness: Witness | undefined;
  readonly #turns: Pipeline;
  readonly #init: CommitterInit;
  #nextReadFailure = 0;

  constructor(init: CommitterInit) {
    const commitsLost = async (): Promise<void> => {
      await this.commit((set) => set.markLost());
      init.onEpoch?.();
    };
    const onDamage = (error: unknown): void => this.met(error);
    this.lifecycle = new SetLifecycle({ ...init, onDamage }, commitsLost);
    this.#init = init;
    this.#witness = init.witness;
    this.#turns = new Pipeline(init.clock);
  }

  /** Resolves once nothing is written, opened or built again; rejects with the refusal, if any. */
  async settled(): Promise<void> {
    const { lifecycle } = this;
    await lifecycle.quiet(() => this.#turns.idle());
    if (lifecycle.refusal !== null) throw lifecycle.refusal;
  }

  /**
   * Writes the commit that `prepare` makes of the set, in turn; false if it makes none. Rejects if the
   * commit is not on disk, or if that is unknown: `late` is then called if it turns out to be.
   */
  commit(
    prepare: Prepare,
    { late = () => undefined, alone = true }: CommitOptions = {},
  ): Promise<boolean> {
    return this.#turns.run({
      alone,
      prepare: () => this.#stage(prepare),
      encode: encoded,
      confirm: (made) => this.#confirm(made, prepare),
      carryOut: (made) => this.#write(made, late),
    });
  }

  /** A reader found the index damaged: it is built again once the running commit is done. */
  damaged(error: unknown): void {
    const rebuild = this.lifecycle.damaged(error);
    if (rebuild === null) return;
    void this.#turns.run({
      alone: true,
      prepare: () => undefined,
      encode: () => undefined,
      confirm: () => undefined,
      carryOut: async () => rebuild(),
    });
  }

  /** A reader met an error: damage of the index, or a failed read, which may be damage of a table. */
  met(error: unknown): void {
    if (isDamage(error)) this.damaged(error);
    else if (isReadFailure(error)) void this.suspect(error);
  }

  /**
   * A reader met something unreadable. If a table is damaged, the database is repaired and the index
   * built again.
   */
  async suspect(error: unknown): Promise<void> {
    if (await this.lifecycle.isDamaged()) this.damaged(error);
    else this.#readFailed(error);
  }

  async close(): Promise<void> {
    this.lifecycle.stop();
    await this.#turns.idle();
    await this.lifecycle.close();
  }

  /** No table is damaged. */
  #readFailed(error: unknown): void {
    const { clock, incidents } = this.#init;
    const now = clock.monotonic();
    if (this.lifecycle.refusal !== null || now < this.#nextReadFailure) return;
    this.#nextReadFailure = now + READ_FAILURE_MS;
    const reason = storeErrors.messageOf(error);
    incidents.add('READ_FAILED', `a read failed, and no table is damaged: ${reason}`, error);
  }

  #stage(prepare: Prepare): Staged {
    const { refusal } = this.lifecycle;
    if (refusal !== null) throw refusal;
    const set = this.lifecycle.use();
    const commit = this.#guard(() => prepare(set));
    return { set, database: this.lifecycle.database, commit };
  }

  /** A commit that was prepared on top of a failed one is prepared again. */
  #confirm(made: Made, prepare: Prepare): Made {
    const { set, commit, batch, failure } = made;
    if (set !== this.lifecycle.set) {
      void batch?.close();
      return this.#confirm(encoded(this.#stage(prepare)), prepare);
    }
    if (commit === null || batch !== null) return made;
    commit.discard();
    return this.#guard(() => {
      throw failure;
    });
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      this.met(error);
      throw isDamage(error) ? storeErrors.rebuilding() : error;
    }
  }

  async #write({ set, commit, batch }: Made, late: () => void): Promise<boolean> {
    const { lifecycle } = this;
    if (commit === null || batch === null) return false;
    if (lifecycle.refusal !== null) {
      commit.discard();
      await batch.close();
      throw lifecycle.refusal;
    }
    commit.begin();
    const { clock, onWritten } = this.#init;
    const startedAt = clock.monotonic();
    try {
      await batch.write();
    } catch (cause) {
      commit.discard();
      await lifecycle.recover(cause, { number: commit.number, late });
      return true;
    }
    const durationMs = clock.monotonic() - startedAt;
    if (lifecycle.set !== set) throw lifecycle.refusal ?? storeErrors.unavailable(null);
    commit.commit(batch.bytes);
    this.#witness?.write(commit.number);
    onWritten?.({ durationMs, bytes: batch.bytes });
    return true;
  }
}

/** The batch of a commit. A failure is thrown in its turn: earlier commits are still on their way. */
function encoded(staged: Staged): Made {
  const { commit, database } = staged;
  try {
    return { ...staged, batch: commit && readyBatch(database, commit.fill), failure: null };
  } catch (failure) {
    return { ...staged, batch: null, failure };
  }
}
