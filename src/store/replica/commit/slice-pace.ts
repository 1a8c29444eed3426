import { slowerAtOnce } from '../../alarm.ts';
import type { BulkPace } from '../../environment.ts';
import { invariant } from '../../invariant.ts';
import type { PreparedCommit } from '../durable-set/index.ts';

/** Of the time of a slice: the rest is for what follows, such as telling listeners. */
const SHARE = 0.8;

export interface SlicePaceInit {
  bulk: Pick<BulkPace, 'sliceMs' | 'busyMs'>;
  /** Estimated milliseconds of a unit of work, at first. */
  firstUnitMs: number;
  /** And at least. */
  leastUnitMs: number;
  /**
   * Units in a slice at least; a smaller slice tells nothing, since each slice has a cost of its own.
   * @default 1
   */
  leastWork?: number;
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
    const { bulk, leastWork = 1 } = this.#init;
    return Math.max(leastWork, (SHARE * bulk.sliceMs) / this.#unitMs);
  }

  /** Whether a slice of so much work tells anything: to measure it costs as much as several items. */
  tells(work: number): boolean {
    return work >= (this.#init.leastWork ?? 1);
  }

  /** Prepares a slice, and measures its work and its encoding: they come in turns of their own. */
  measured(
    prepare: () => (PreparedCommit & { readonly work: number }) | null,
  ): PreparedCommit | null {
    const { bulk } = this.#init;
    const start = bulk.busyMs();
    const prepared = prepare();
    if (prepared === null) return null;
    const workedMs = bulk.busyMs() - start;
    return {
      ...prepared,
      fill: (sink) => {
        const filling = bulk.busyMs();
        prepared.fill(sink);
        this.#learn(Math.max(workedMs, bulk.busyMs() - filling), prepared.work);
      },
    };
  }

  #learn(ms: number, work: number): void {
    if (!this.tells(work)) return;
    const unitMs = ms / work;
    invariant(Number.isFinite(unitMs), 'commit', 'SLICE_PACE', [ms, work]);
    this.#unitMs = Math.max(this.#init.leastUnitMs, slowerAtOnce(this.#unitMs, unitMs));
  }
}
