import type { Clock, Retention } from '../../store/index.ts';

interface RemovalInit {
  retention: Pick<Retention, 'floor' | 'prune' | 'compact'>;
  /** Items held. */
  held: () => number;
  clock: Pick<Clock, 'monotonic'>;
}

/** Sessions list an item, and peers ask for it a moment later: ids called absent would count against this node. */
const GRACE_MS = 60_000;
/** Most items of a commit; the store takes fewer where they would hold up others. */
const COMMIT_ITEMS = 2_048;
/** LevelDB is asked for the room of removed items after so many, or this part of the set if that is more. */
const COMPACT_ITEMS = 50_000;
const COMPACT_PART = 0.1;

/** Removes the items below the floor, each a while after the floor has passed it. */
export class Removal {
  readonly #init: RemovalInit;
  /** Floors whose items are served for a while yet, the lowest first. */
  readonly #fresh: { readonly floor: bigint; readonly at: number }[] = [];
  /** Items below go now. */
  #ripe: bigint;
  #sinceCompact = 0;
  #stopped = false;
  readonly #ended: Promise<void>;
  readonly #stop: () => void;

  constructor(init: RemovalInit) {
    this.#init = init;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    this.#stop = resolve;
    // No session of this run has listed what an earlier run left.
    this.#ripe = init.retention.floor;
  }

  raised(floor: bigint): void {
    this.#fresh.push({ floor, at: this.#init.clock.monotonic() });
  }

  /** Resolves once all that is due has gone, or early by `stop`. Rejects with `StoreError`. */
  async run(): Promise<void> {
    const { retention } = this.#init;
    this.#ripen();
    while (this.#ripe > 0n && !this.#stopped) {
      const removed = await retention.prune(this.#ripe, COMMIT_ITEMS);
      this.#sinceCompact += removed;
      if (this.#isWorthCompacting(removed)) await this.#compact();
      if (removed === 0) return;
    }
  }

  /** Ends `run` after the commit at hand. A compaction goes on until the database is closed. */
  stop(): void {
    this.#stopped = true;
    this.#stop();
  }

  #ripen(): void {
    const due = this.#init.clock.monotonic() - GRACE_MS;
    while (this.#fresh[0] !== undefined && this.#fresh[0].at <= due) {
      this.#ripe = this.#fresh.shift()!.floor;
    }
  }

  #isWorthCompacting(removed: number): boolean {
    const part = COMPACT_PART * this.#init.held();
    const enough = removed === 0 ? part : Math.max(COMPACT_ITEMS, part);
    return this.#sinceCompact > 0 && this.#sinceCompact >= enough;
  }

  async #compact(): Promise<void> {
    this.#sinceCompact = 0;
    const compacted = this.#init.retention.compact();
    // It fails when the database is closed, and nobody waits for it then.
    compacted.catch(() => undefined);
    await Promise.race([compacted, this.#ended]);
  }
}
