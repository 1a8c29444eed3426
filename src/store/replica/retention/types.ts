import type { CompactResult } from '../../level/index.ts';

/** The removal of items below the floor, since the set was opened. */
export interface PruneProgress {
  readonly removedItems: number;
  /** Payload bytes. */
  readonly removedBytes: number;
  /** Items below the floor that were still held when the floor last rose, or at the last removal. */
  readonly left: number;
}

/** What a set keeps. Removal is up to the caller, who chooses when items below the floor go. */
export interface Retention {
  /** Items with lower hints are not accepted; 0n accepts all. Durable; only rises. */
  readonly floor: bigint;
  /** The last wall time that the caller believed and noted, in milliseconds since the epoch; 0: none. */
  readonly believedAt: number;
  readonly progress: PruneProgress;
  /**
   * Resolves once the floor is on disk; a lower one changes nothing. Rejects with `StoreError`.
   * @param believedAt The wall time if the caller believes it, noted with the floor.
   */
  raise(floor: bigint, believedAt?: number | null): Promise<void>;
  /** Notes a wall time that the caller believes. Resolves once it is on disk. Rejects with `StoreError`. */
  believe(at: number): Promise<void>;
  /**
   * Removes the lowest items in one commit: at most `items` of them, and only those below both `below` and
   * the floor. Fewer go where more would hold up the event loop. Resolves with their number, 0 at the end.
   * Rejects with `StoreError`.
   */
  prune(below: bigint, items: number): Promise<number>;
  /**
   * Has LevelDB drop the space of removed items, piece by piece, with a pause after each: that of payloads once
   * some thousand were removed, that of ids and of the index once it pays to rewrite those of all items. To be
   * called after each 50,000 removed items or so, and at the end. Rejects with `STORE_UNAVAILABLE`.
   */
  compact(): Promise<CompactResult>;
}
