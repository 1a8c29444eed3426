import type { ReconciliationSet } from '../../../protocol/index.ts';
import { type Clock, keyToBytes } from '../../../store/index.ts';
import type { Fetcher } from '../fetching/index.ts';
import type { Plan } from './plan.ts';
import type { Slice } from './slice.ts';

export interface StallsInit {
  clock: Clock;
  wanted: Pick<ReconciliationSet, 'length' | 'sources'>;
  plan: Plan;
  /** While it is paused, nothing is fetched, through no fault of a peer. */
  fetcher: Pick<Fetcher, 'paused'>;
}

/** How long the listing of a peer may bring no items until other peers list the slice. */
const STALLED_MS = 15_000;
/** Likewise if only large items are pending: they wait for small ones, and take longer. */
const STALLED_LARGE_MS = 120_000;

/** `lost`: no pending item is wanted any more. `stalled`: the lister brings no items. */
export type Stall = 'lost' | 'stalled';

/** Finds slices that do not come. Progress counts by lister: docs/decisions.md says why. */
export class Stalls {
  readonly #init: StallsInit;
  readonly #still = new Map<Slice, { readonly came: number; readonly since: number }>();
  /** Slices without wanted items at the last check: pushed items may be on their way to the disk. */
  readonly #unwanted = new WeakSet<Slice>();

  constructor(init: StallsInit) {
    this.#init = init;
  }

  /** To be called every second or so. */
  find(): [Slice, Stall][] {
    return this.#init.plan.slices.flatMap((slice): [Slice, Stall][] => {
      const stall = this.#of(slice);
      return stall === null ? [] : [[slice, stall]];
    });
  }

  #of(slice: Slice): Stall | null {
    const { clock, plan, fetcher } = this.#init;
    const fetching = slice.state === 'fetching' && fetcher.paused === null;
    const patience = fetching ? this.#patience(slice) : null;
    if (fetching && patience === null) {
      if (this.#unwanted.has(slice)) return 'lost';
      this.#unwanted.add(slice);
      return null;
    }
    this.#unwanted.delete(slice);
    if (patience === null) {
      this.#still.delete(slice);
      return null;
    }
    const now = clock.monotonic();
    const came = plan.cameFrom(slice.owes!);
    const known = this.#still.get(slice);
    if (known?.came !== came) this.#still.set(slice, { came, since: now });
    else if (now - known.since >= patience) return 'stalled';
    return null;
  }

  /** How long the slice may stall, or null if no pending item has a source. */
  #patience({ pending }: Slice): number | null {
    const { wanted } = this.#init;
    let patience: number | null = null;
    for (const key of pending) {
      const id = keyToBytes(key);
      // A peer has an orphan by chance only, so it may stay wanted for days.
      if (wanted.sources(id).length === 0) continue;
      if (wanted.length(id) === undefined) return STALLED_MS;
      patience = STALLED_LARGE_MS;
    }
    return patience;
  }
}
