import type { BulkPace, Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { invariant } from '../../invariant.ts';
import { INFINITE_HINT } from '../../item.ts';
import type { CompactResult } from '../../level/index.ts';
import { readOnce } from '../../ranks.ts';
import { type Committer, SlicePace } from '../commit/index.ts';
import type { Quarantine } from '../quarantine/index.ts';
import type { SetKeys } from '../records/index.ts';
import type { RefusalStore } from '../refusals/index.ts';
import type { SetChanges } from '../set-changes.ts';
import { ArrivalTrim } from './arrival-trim.ts';
import { LowestItems } from './lowest-items.ts';
import { readSet } from './read-set.ts';
import { Reclaim } from './reclaim.ts';
import type { PruneProgress, Retention } from './types.ts';

export interface SetRetentionInit {
  keys: SetKeys;
  committer: Committer;
  quarantine: Quarantine;
  refusals: Pick<RefusalStore, 'pruned'>;
  changes: SetChanges;
  clock: Clock;
  bulk: BulkPace;
}

/** See `SlicePaceInit`. */
const ITEM_MS = { firstUnitMs: 0.02, leastUnitMs: 0.002 };

/** Items removed between two looks at the order of arrival and the quarantine. */
const TIDY_EVERY = 16_384;

/** The floor of a set, and the removal of what lies below. */
export class SetRetention implements Retention {
  readonly #init: SetRetentionInit;
  readonly #pace: SlicePace;
  readonly #trim: ArrivalTrim;
  readonly #reclaim: Reclaim;
  /** Items removed since other records were dropped; more where the set was opened or the floor rose since. */
  #untidied = 1;
  #progress: PruneProgress = { removedItems: 0, removedBytes: 0, left: 0 };

  constructor(init: SetRetentionInit) {
    this.#init = init;
    this.#pace = new SlicePace({ ...init, ...ITEM_MS });
    this.#trim = new ArrivalTrim(init);
    this.#reclaim = new Reclaim({ ...init, lifecycle: init.committer.lifecycle });
  }

  get floor(): bigint {
    return this.#init.committer.lifecycle.state.floor;
  }

  get believedAt(): number {
    return this.#init.committer.lifecycle.state.believedAt;
  }

  get progress(): PruneProgress {
    return this.#progress;
  }

  async raise(floor: bigint, believedAt: number | null = null): Promise<void> {
    checkFloor(floor);
    const { committer } = this.#init;
    const { lifecycle } = committer;
    if (!(await committer.commit((set) => set.raise(floor, wholeTime(believedAt))))) return;
    this.#untidied++;
    try {
      const snapshot = lifecycle.use().snapshot();
      const left = readOnce(snapshot, (held) => held.lowerBound({ hint: floor, id: null }));
      this.#progress = { ...this.#progress, left };
    } catch (error) {
      // The floor is up; the next removal counts again.
      committer.met(error);
    }
  }

  async believe(at: number): Promise<void> {
    await this.#init.committer.commit((set) => set.believe(wholeTime(at)));
  }

  async prune(below: bigint, items: number): Promise<number> {
    checkFloor(below);
    for (;;) {
      const bound = below < this.floor ? below : this.floor;
      const most = Math.max(1, Math.floor(Math.min(items, this.#pace.work)));
      const lowest = await this.#lowest(bound, most);
      this.#progress = { ...this.#progress, left: lowest.below };
      if (lowest.count > 0 && !(await this.#remove(lowest, bound))) continue;
      this.#untidied += lowest.count;
      if (this.#untidied > (lowest.count === 0 ? 0 : TIDY_EVERY)) await this.#tidy();
      return lowest.count;
    }
  }

  compact(): Promise<CompactResult> {
    return this.#reclaim.run(this.#progress.left);
  }

  /** Drops the other records of items that are gone for good. */
  async #tidy(): Promise<void> {
    const { committer, quarantine, refusals } = this.#init;
    this.#untidied = 0;
    while (await committer.commit((set) => quarantine.forget(set)));
    await refusals.pruned(this.floor);
    await this.#trim.run();
  }

  /** Whether they were still the lowest items, and are gone. */
  #remove(lowest: LowestItems, below: bigint): Promise<boolean> {
    const { committer, changes } = this.#init;
    const { count: items, bytes } = lowest;
    invariant(lowest.last < below, 'commit', 'PRUNED_BELOW', [lowest.last, below]);
    invariant(items <= lowest.below, 'commit', 'PRUNED_COUNT', [items, lowest.below]);
    const removed = (): void => {
      const { removedItems, removedBytes } = this.#progress;
      this.#progress = {
        removedItems: removedItems + items,
        removedBytes: removedBytes + bytes,
        left: lowest.below - items,
      };
      this.#reclaim.removed({ items, bytes }, lowest.last);
      changes.pruned({ below, items });
    };
    const prepare: Parameters<Committer['commit']>[0] = (set) =>
      this.#pace.measured(() => {
        // The set may have been opened again, with an older floor.
        if (below > set.state.floor) return null;
        const commit = lowest.removal(set);
        return commit && { ...commit, work: items };
      });
    return committer.commit(prepare, { late: removed }).then((done) => {
      if (done) removed();
      return done;
    });
  }

  #lowest(below: bigint, most: number): Promise<LowestItems> {
    const { committer, keys } = this.#init;
    return readSet(committer, (database, set) =>
      LowestItems.read({ database, keys, set, below, most }),
    );
  }
}

function wholeTime<Time extends number | null>(at: Time): Time | number {
  return at === null ? at : Math.max(0, Math.floor(at));
}

function checkFloor(hint: bigint): void {
  if (typeof hint === 'bigint' && hint >= 0n && hint <= INFINITE_HINT) return;
  throw new StoreError(
    'INVALID_HINT',
    `the floor ${String(hint)} is no hint: give a bigint from 0 to ${INFINITE_HINT}`,
  );
}
