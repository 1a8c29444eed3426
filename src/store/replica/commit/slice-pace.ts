import type { Clock } from '../../environment.ts';
import type { PreparedCommit } from '../durable-set/index.ts';

/** Target of one slice: milliseconds of event loop. */
const SLICE_MS = 8;

export interface SlicePaceInit {
  clock: Clock;
  /** Estimated milliseconds of a unit of work, at first. */
  firstUnitMs: number;
  /** And at least. */
  leastUnitMs: number;
}

/** Sizes the slices of a long work by the time that earlier slices took. */
export class SlicePace {
  readonly #init: SlicePaceInit;
  /** Milliseconds a unit of work: follows slower slices at once, and faster ones slowly. */
  #unitMs: number;

  constructor(init: SlicePaceInit) {
    this.#init = init;
    this.#unitMs = init.firstUnitMs;
  }

  /** Units of work for the next slice. */
  get work(): number {
    return SLICE_MS / this.#unitMs;
  }

  /** Prepares a slice, and measures the time of its work and its encoding. */
  measured(
    prepare: () => (PreparedCommit & { readonly work: number }) | null,
  ): PreparedCommit | null {
    const { clock } = this.#init;
    const start = clock.monotonic();
    const prepared = prepare();
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
    this.#unitMs = Math.max(this.#init.leastUnitMs, unitMs, 0.8 * this.#unitMs + 0.2 * unitMs);
  }
}
