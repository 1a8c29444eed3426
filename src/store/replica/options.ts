import { DEFAULT_TREE, type TreeOptions } from '../tree/options.ts';

/** What a replica takes. */
export interface ReplicaLimits {
  /**
   * Longest payload taken, in bytes. Raising it lets one item take more memory, here and at every
   * peer it goes to.
   * @default 16 MiB
   */
  maxItemBytes: number;
  /**
   * Most bytes that the items may take on disk: payloads, and `ITEM_OVERHEAD_BYTES` for each. Further puts
   * get `SET_FULL`. Lowering it below the held bytes removes nothing.
   * @default no limit
   */
  maxSetBytes: number;
  /**
   * Most items held; further puts get `TOO_MANY_ITEMS`. Lowering it removes nothing.
   * @default no limit
   */
  maxItems: number;
  /**
   * Bytes of disk that puts leave free; past them they get `DISK_FULL`. LevelDB needs room to compact:
   * lowering it risks a database that can no longer be written at all.
   * @default 0
   */
  minFreeBytes: number;
  /** Payload bytes queued for later commits; further puts wait. Raising it costs memory. @default 32 MiB */
  maxQueuedBytes: number;
  /** Items queued likewise. @default 16_384 */
  maxQueuedItems: number;
  /**
   * Payload bytes in one commit, unless a single item has more. Raising it means fewer, longer syncs.
   * @default 8 MiB
   */
  maxBatchBytes: number;
  /** Items in one commit. @default 4_096 */
  maxBatchItems: number;
}

/** The limits that `setLimits` changes; the other ones shape buffers. */
export type ChangeableLimits = Pick<ReplicaLimits, 'maxSetBytes' | 'maxItems' | 'minFreeBytes'>;

const MIB = 1024 * 1024;

/**
 * The daemon leaves 256 MiB of its disk free. Here `minFreeBytes` is 0, since the disk belongs to the
 * program around the replica, or there is none.
 */
export const DEFAULT_LIMITS: ReplicaLimits = {
  maxItemBytes: 16 * MIB,
  maxSetBytes: Number.POSITIVE_INFINITY,
  maxItems: Number.POSITIVE_INFINITY,
  minFreeBytes: 0,
  maxQueuedBytes: 32 * MIB,
  maxQueuedItems: 16_384,
  maxBatchBytes: 8 * MIB,
  maxBatchItems: 4_096,
};

/** The shape and the memory of the index. */
export interface IndexOptions extends TreeOptions {
  /**
   * Most keys in memory that are not in the tree on disk yet; merging begins at half of it. Raising it
   * makes scattered writes cheaper. It costs memory (some 100 bytes a key), and time at opening.
   * @default 131_072
   */
  bufferItems: number;
}

export const DEFAULT_INDEX: IndexOptions = { ...DEFAULT_TREE, bufferItems: 131_072 };

/** How fast the items are checked against their ids in the background. */
export interface ScrubOptions {
  /**
   * Items read and checked each second in the background; a large item counts as one for each 16 KiB.
   * 0 turns it off. Raising it finds damage sooner and reads more.
   * @default 0
   */
  itemsPerSecond: number;
  /**
   * Damaged items within an hour at which scrubbing stops with an incident: an operator should look at
   * the disk first.
   * @default 100
   */
  maxDamagedPerHour: number;
}

/** Off, unlike in the daemon: only the program around a replica knows when its disk is idle. */
export const DEFAULT_SCRUB: ScrubOptions = { itemsPerSecond: 0, maxDamagedPerHour: 100 };
