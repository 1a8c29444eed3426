import { delay } from '../../alarm.ts';
import type { BulkPace, Clock } from '../../environment.ts';
import { Gate } from '../../gate.ts';
import type { DurableSet } from '../durable-set/index.ts';
import type { Committer } from './committer.ts';
import { SlicePace } from './slice-pace.ts';

export interface MergerInit {
  committer: Committer;
  clock: Clock;
  bulk: BulkPace;
  bufferItems: number;
  /**
   * Commits after which a buffer of any size is merged. Raising it spares merging small buffers, and
   * makes opening longer, which reads the commits one by one.
   * @default 8_192
   */
  maxCommits?: number;
}

const MAX_COMMITS = 8_192;

/** See `SlicePaceInit`. */
const UNIT_MS = { firstUnitMs: 0.003, leastUnitMs: 0.001 };

/**
 * Empties a full write buffer into the tree, slice by slice in key order. Puts go on between slices. The
 * size of a slice follows from the time that earlier slices took.
 */
export class Merger {
  readonly #init: MergerInit;
  readonly #pace: SlicePace;
  #running: Promise<void> | null = null;
  #stopped = false;
  readonly #room = new Gate();

  constructor(init: MergerInit) {
    this.#init = init;
    this.#pace = new SlicePace({ ...init, ...UNIT_MS });
  }

  /** Merges if that is due; called after every commit. */
  wake(): void {
    const set = this.#set;
    if (this.#running !== null || this.#stopped || set === null || !this.#isDue(set)) return;
    set.startSweep();
    this.#running = this.#sweep().finally(() => {
      this.#running = null;
      this.#room.recheck();
    });
  }

  /** The set was opened: sums ids from its log ahead of the first fingerprint, then merges if due. */
  async begin(): Promise<void> {
    const set = this.#set;
    for (const _ of set?.sumSteps() ?? []) {
      if (this.#stopped || this.#set !== set) return;
      await delay(this.#init.clock);
    }
    this.wake();
  }

  room(): Promise<void> {
    return this.#room.until(() => this.#running === null || this.#stopped || !this.#isCrowded);
  }

  /** Ends after the running slice, and releases all waiting calls. */
  stop(): void {
    this.#stopped = true;
    this.#room.recheck();
  }

  get #set(): DurableSet | null {
    return this.#init.committer.lifecycle.set;
  }

  get #isCrowded(): boolean {
    return (this.#set?.buffered ?? 0) >= this.#init.bufferItems;
  }

  #isDue(set: DurableSet): boolean {
    if (set.sweeping) return true;
    const { maxCommits = MAX_COMMITS } = this.#init;
    return set.buffered > 0 && (this.#isFull(set) || set.unmerged >= maxCommits);
  }

  /** Merging begins at half the bound, so that puts need not wait for it. */
  #isFull(set: DurableSet): boolean {
    return 2 * set.buffered >= this.#init.bufferItems;
  }

  async #sweep(): Promise<void> {
    const { committer, bulk } = this.#init;
    const slice = (set: DurableSet) => this.#pace.measured(() => set.merge(this.#pace.work));
    try {
      while (!this.#stopped && (await committer.commit(slice, { alone: false }))) {
        this.#room.recheck();
        await bulk.turn();
      }
    } catch {
      // The lifecycle reports the cause; the next commit that succeeds wakes the merger again.
    }
  }
}
