import { delay } from '../../alarm.ts';
import type { Clock } from '../../environment.ts';
import { Gate } from '../../gate.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import type { Committer } from './committer.ts';

export interface MergerInit {
  committer: Committer;
  clock: Clock;
  bufferItems: number;
  /**
   * Commits after which the buffer is merged whatever its size: opening reads them one by one. Raising
   * it spares merging small buffers, and makes opening longer.
   * @default 8_192
   */
  maxCommits?: number;
}

/** Milliseconds of event loop that one slice is to take. */
const SLICE_MS = 8;

const MAX_COMMITS = 8_192;

/** Milliseconds that a unit of work is taken to cost at first, and at least. */
const FIRST_UNIT_MS = 0.003;
const LEAST_UNIT_MS = 0.001;

/**
 * Empties the write buffer into the tree whenever it is full, slice by slice in key order, while puts
 * go on between the slices. A slice is as large as fits into its time.
 */
export class Merger {
  readonly #init: MergerInit;
  /** Milliseconds a unit of work, slower slices counting at once and faster ones little by little. */
  #unitMs = FIRST_UNIT_MS;
  #running: Promise<void> | null = null;
  #stopped = false;
  readonly #room = new Gate();

  constructor(init: MergerInit) {
    this.#init = init;
  }

  /** Looks whether there is something to do; called after every commit. */
  wake(): void {
    const { set } = this.#init.committer;
    if (this.#running !== null || this.#stopped || set === null || !this.#isDue(set)) return;
    set.startSweep();
    this.#running = this.#sweep().finally(() => {
      this.#running = null;
      this.#room.recheck();
    });
  }

  /** The set was opened: sums what came from its log while nobody asks for it, then sees what is due. */
  async begin(): Promise<void> {
    const { committer, clock } = this.#init;
    const { set } = committer;
    for (const _ of set?.sumSteps() ?? []) {
      if (this.#stopped || committer.set !== set) return;
      await delay(clock);
    }
    this.wake();
  }

  /** Resolves once the buffer has room for another batch. */
  room(): Promise<void> {
    return this.#room.until(() => this.#running === null || this.#stopped || !this.#isCrowded);
  }

  /** Ends after the running slice, and lets nobody wait for more. */
  stop(): void {
    this.#stopped = true;
    this.#room.recheck();
  }

  get #isCrowded(): boolean {
    const { committer, bufferItems } = this.#init;
    return (committer.set?.buffered ?? 0) >= bufferItems;
  }

  #isDue(set: DurableSet): boolean {
    if (set.sweeping) return true;
    const { maxCommits = MAX_COMMITS } = this.#init;
    return set.buffered > 0 && (this.#isFull(set) || set.unmerged >= maxCommits);
  }

  /** Merging begins at half of what may be buffered, so that puts need not wait for it. */
  #isFull(set: DurableSet): boolean {
    return 2 * set.buffered >= this.#init.bufferItems;
  }

  async #sweep(): Promise<void> {
    const { committer, clock } = this.#init;
    const slice = (set: DurableSet) => this.#measured(set);
    try {
      while (!this.#stopped && (await committer.commit(slice, { alone: false }))) {
        this.#room.recheck();
        await delay(clock);
      }
    } catch {
      // The committer has said what is wrong; the next commit after it is over wakes us again.
    }
  }

  /** A slice, and what its work costs: working it out and encoding it. */
  #measured(set: DurableSet): PreparedCommit | null {
    const { clock } = this.#init;
    const start = clock.monotonic();
    const prepared = set.merge(SLICE_MS / this.#unitMs);
    if (prepared === null) return null;
    const workedMs = clock.monotonic() - start;
    return {
      ...prepared,
      fill: (sink) => {
        const filling = clock.monotonic();
        prepared.fill(sink);
        this.#learn((workedMs + clock.monotonic() - filling) / prepared.work);
      },
    };
  }

  #learn(unitMs: number): void {
    this.#unitMs = Math.max(LEAST_UNIT_MS, unitMs, 0.8 * this.#unitMs + 0.2 * unitMs);
  }
}
