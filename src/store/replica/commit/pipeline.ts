import { delay } from '../../alarm.ts';
import type { Clock } from '../../environment.ts';

export interface PipelineWork<Prepared, Result> {
  readonly prepare: () => Prepared;
  /**
   * Called once all earlier work was carried out. Returns `prepared` if it still holds, else a
   * replacement. No later work is prepared before.
   */
  readonly confirm: (prepared: Prepared) => Prepared;
  readonly carryOut: (prepared: Prepared) => Promise<Result>;
  /** Whether to prepare it only when nothing is being carried out. */
  readonly alone: boolean;
}

/** Milliseconds of preparing in a row. */
const MAX_MS = 5;

/**
 * Work in two steps, each in the order of the calls. While one piece is carried out, the next one is
 * prepared. Pieces that would follow each other through promises alone leave turns to the event loop.
 */
export class Pipeline {
  readonly #clock: Clock;
  #workedMs = 0;
  /** Settles when the next piece may be prepared. */
  #free: Promise<unknown> = Promise.resolve();
  /** Settles when all pieces were carried out, or have failed. */
  #done: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  run<Prepared, Result>(work: PipelineWork<Prepared, Result>): Promise<Result> {
    const before = this.#done;
    const prepared = this.#prepared(work.alone ? before : this.#free, work.prepare);
    const confirmed = Promise.allSettled([before, prepared]).then(async () =>
      work.confirm(await prepared),
    );
    const result = confirmed.then(work.carryOut);
    this.#free = Promise.allSettled([confirmed]);
    this.#done = Promise.allSettled([result]);
    return result;
  }

  /** Resolves when all pieces were carried out, or have failed. */
  async idle(): Promise<void> {
    await this.#done;
  }

  /** Work that takes no time, as under a virtual clock, is never held up. */
  async #prepared<Prepared>(turn: Promise<unknown>, prepare: () => Prepared): Promise<Prepared> {
    await turn;
    if (this.#workedMs >= MAX_MS) {
      this.#workedMs = 0;
      await delay(this.#clock);
    }
    const start = this.#clock.monotonic();
    try {
      return prepare();
    } finally {
      this.#workedMs += this.#clock.monotonic() - start;
    }
  }
}
