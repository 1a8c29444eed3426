import type { ReconciliationSet } from '../../../protocol/index.ts';
import { type Clock, keyToBytes } from '../../../store/index.ts';
import type { Plan, Slice } from './plan.ts';

export interface StallsInit {
  clock: Clock;
  wanted: Pick<ReconciliationSet, 'length' | 'sources'>;
  plan: Plan;
  /** Nothing is fetched at the moment, through no fault of any peer. */
  paused: () => boolean;
}

/** How long nothing need come of what a peer listed until others are to list it. */
const STALLED_MS = 15_000;
/** Likewise where large items alone are awaited: they wait for small ones, and take their time. */
const STALLED_LARGE_MS = 120_000;

/**
 * What keeps a slice from being here: `lost`: what is pending is not wanted any more, because nobody
 * has it, or we do not take it. `stalled`: nothing comes of what its lister listed.
 */
export type Stall = 'lost' | 'stalled';

/**
 * Finds slices that do not come. Only what the same peer listed counts as progress: it brings its slices
 * one after another, and what else is stored, written here or pushed, says nothing of them.
 */
export class Stalls {
  readonly #init: StallsInit;
  readonly #still = new Map<Slice, { readonly came: number; readonly since: number }>();
  /** Slices in which nothing was wanted at the last look: what was pushed may be on its way to the disk. */
  readonly #unwanted = new WeakSet<Slice>();

  constructor(init: StallsInit) {
    this.#init = init;
  }

  /** To be called now and then. */
  look(): [Slice, Stall][] {
    return this.#init.plan.slices.flatMap((slice): [Slice, Stall][] => {
      const stall = this.#of(slice);
      return stall === null ? [] : [[slice, stall]];
    });
  }

  #of(slice: Slice): Stall | null {
    const { clock, plan, paused } = this.#init;
    if (slice.state !== 'fetching' || paused()) {
      this.#still.delete(slice);
      this.#unwanted.delete(slice);
      return null;
    }
    const patience = this.#patience(slice);
    if (patience === null) {
      if (this.#unwanted.has(slice)) return 'lost';
      this.#unwanted.add(slice);
      return null;
    }
    this.#unwanted.delete(slice);
    const now = clock.monotonic();
    const came = plan.cameFrom(slice.owes!);
    const known = this.#still.get(slice);
    if (known?.came !== came) this.#still.set(slice, { came, since: now });
    else if (now - known.since >= patience) return 'stalled';
    return null;
  }

  /** How long the slice may stand still; null when nothing pending in it is wanted of anybody who has it. */
  #patience({ pending }: Slice): number | null {
    const { wanted } = this.#init;
    let patience: number | null = null;
    for (const key of pending) {
      const id = keyToBytes(key);
      // An orphan is asked for on a chance, and may stay wanted for days.
      if (wanted.sources(id).length === 0) continue;
      if (wanted.length(id) === undefined) return STALLED_MS;
      patience = STALLED_LARGE_MS;
    }
    return patience;
  }
}
