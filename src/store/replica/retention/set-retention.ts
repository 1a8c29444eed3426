import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES, INFINITE_HINT } from '../../item.ts';
import { type CompactResult, unavailableDatabase } from '../../level/index.ts';
import { readOnce } from '../../ranks.ts';
import { type Committer, SlicePace } from '../commit/index.ts';
import { compact } from '../compaction.ts';
import { isDamage } from '../durable-set/index.ts';
import type { SetKeys } from '../records/index.ts';
import type { SetChanges } from '../set-changes.ts';
import * as storeErrors from '../store-errors.ts';
import { LowestItems } from './lowest-items.ts';
import type { PruneProgress, Retention } from './types.ts';

export interface SetRetentionInit {
  keys: SetKeys;
  committer: Committer;
  changes: SetChanges;
  clock: Clock;
}

/** See `SlicePaceInit`. */
const ITEM_MS = { firstUnitMs: 0.02, leastUnitMs: 0.002 };

/** Short, so that a flush of new items does not wait long for LevelDB's thread. */
const PIECE_BYTES = 16 * 1024 * 1024;

const NO_ID = new Uint8Array(ID_BYTES);

/** The floor of a set, and the removal of what lies below. */
export class SetRetention implements Retention {
  readonly #init: SetRetentionInit;
  readonly #pace: SlicePace;
  #progress: PruneProgress = { removedItems: 0, removedBytes: 0, left: 0 };

  constructor(init: SetRetentionInit) {
    this.#init = init;
    this.#pace = new SlicePace({ clock: init.clock, ...ITEM_MS });
  }

  get floor(): bigint {
    return this.#init.committer.lifecycle.state.floor;
  }

  get raisedAt(): number {
    return this.#init.committer.lifecycle.state.floorAt;
  }

  get progress(): PruneProgress {
    return this.#progress;
  }

  async raise(floor: bigint): Promise<void> {
    checkFloor(floor);
    const { committer } = this.#init;
    const { lifecycle } = committer;
    if (!(await committer.commit((set) => set.raise(floor)))) return;
    try {
      const snapshot = lifecycle.use().snapshot();
      const left = readOnce(snapshot, (held) => held.lowerBound({ hint: floor, id: null }));
      this.#progress = { ...this.#progress, left };
    } catch (error) {
      // The floor is up; the next removal counts again.
      committer.met(error);
    }
  }

  async prune(below: bigint, items: number): Promise<number> {
    checkFloor(below);
    for (;;) {
      const bound = below < this.floor ? below : this.floor;
      const most = Math.max(1, Math.floor(Math.min(items, this.#pace.work)));
      const lowest = await this.#lowest(bound, most);
      this.#progress = { ...this.#progress, left: lowest.below };
      if (lowest.count === 0) return 0;
      if (await this.#remove(lowest, bound)) return lowest.count;
    }
  }

  compact(): Promise<CompactResult> {
    const { committer, keys, clock } = this.#init;
    const { lifecycle } = committer;
    const { items, ids, nodes, summaries } = keys;
    const pruned = { gte: items.gte, lt: keys.item({ hint: this.floor, id: NO_ID }) };
    return compact(lifecycle, {
      ranges: [pruned, ids, nodes, summaries],
      pieceBytes: PIECE_BYTES,
      clock,
    });
  }

  /** Whether they were still the lowest items, and are gone. */
  #remove(lowest: LowestItems, below: bigint): Promise<boolean> {
    const { committer, changes } = this.#init;
    const { count: items, bytes } = lowest;
    const removed = (): void => {
      const { removedItems, removedBytes } = this.#progress;
      this.#progress = {
        removedItems: removedItems + items,
        removedBytes: removedBytes + bytes,
        left: lowest.below - items,
      };
      changes.pruned({ below, items });
    };
    const prepare: Parameters<Committer['commit']>[0] = (set) =>
      this.#pace.measured(() => {
        const commit = lowest.removal(set);
        return commit && { ...commit, work: items };
      });
    return committer.commit(prepare, { late: removed }).then((done) => {
      if (done) removed();
      return done;
    });
  }

  async #lowest(below: bigint, most: number): Promise<LowestItems> {
    const { committer, keys } = this.#init;
    const { lifecycle } = committer;
    const database = await lifecycle.reader();
    const set = lifecycle.use();
    try {
      return await LowestItems.read({ database, keys, set, below, most });
    } catch (error) {
      if (lifecycle.refusal?.code === 'STORE_CLOSED') throw lifecycle.refusal;
      committer.met(error);
      if (isDamage(error)) throw storeErrors.rebuilding();
      throw error instanceof StoreError ? error : unavailableDatabase(error);
    }
  }
}

function checkFloor(hint: bigint): void {
  if (typeof hint === 'bigint' && hint >= 0n && hint <= INFINITE_HINT) return;
  throw new StoreError(
    'INVALID_HINT',
    `the floor ${String(hint)} is no hint: give a bigint from 0 to ${INFINITE_HINT}`,
  );
}
