import { delay } from '../../alarm.ts';
import type { Clock } from '../../environment.ts';

export interface PipelineWork<Staged, Prepared, Result> {
  readonly prepare: () => Staged;
  /** The second half of preparing. After a long first half the event loop has a turn in between. */
  readonly encode: (staged: Staged) => Prepared;
  /**
   * Called once all earlier work was carried out. Returns `prepared` if it still holds, else a
   * replacement. No later work is prepared before.
   */
  readonly confirm: (prepared: Prepared) => Prepared;
  readonly carryOut: (prepared: Prepared) => Promise<Result>;
  /** Whether to prepare it only when nothing is being carried out. */
  readonly alone: boolean;
}

/** Milliseconds of preparing in a row, from one piece to the next. */
const MAX_MS = 5;

/** Milliseconds of a first half; after a longer one the second half has a turn of its own. */
const MAX_HALF_MS = 2;

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

  run<Staged, Prepared, Result>(work: PipelineWork<Staged, Prepared, Result>): Promise<Result> {
    const before = this.#done;
    const prepared = this.#prepared(work.alone ? before : this.#free, work);
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

  async #prepared<Staged, Prepared>(
    turn: Promise<unknown>,
    { prepare, encode }: Pick<PipelineWork<Staged, Prepared, unknown>, 'prepare' | 'encode'>,
  ): Promise<Prepared> {
    await turn;
    if (this.#workedMs >= MAX_MS) await this.#rest();
    const before = this.#workedMs;
    const staged = this.#timed(prepare);
    if (this.#workedMs - before > MAX_HALF_MS) await this.#rest();
    return this.#timed(() => encode(staged));
  }

  /** Work that takes no time, as under a virtual clock, is never held up. */
  async #rest(): Promise<void> {
    this.#workedMs = 0;
    await delay(this.#clock);
  }

  #timed<Result>(work: () => Result): Result {
    const start = this.#clock.monotonic();
    try {
      return work();
    } finally {
      this.#workedMs += this.#clock.monotonic() - start;
    }
  }
}
