/** Sizes of the nodes of a tree; for a tree on disk, also the bounds of its cache and snapshots. */
export interface TreeOptions {
  /**
   * Items in a leaf at most, 2 to 65535. Raising it makes the tree smaller and writes in
   * ascending order cheaper; lowering it makes scattered writes cheaper, and the fingerprint of a
   * range, which sums up to half a leaf of ids at either end.
   * @default 128
   */
  leafItems: number;
  /**
   * Children of an inner node at most, 2 to 65535. Raising it makes the tree flatter; lowering
   * it makes the nodes on the path of a write smaller.
   * @default 64
   */
  fanout: number;
  /**
   * Bytes of decoded nodes and summaries to keep in memory. Lowering it saves memory and makes reads
   * go to LevelDB, some 10 microseconds a node.
   * @default 80 MiB
   */
  cacheBytes: number;
  /**
   * Milliseconds after which a snapshot is closed whether it is in use or not. Raising it keeps what
   * long sessions read on disk for longer; lowering it makes them begin anew more often.
   * @default 600_000
   */
  maxSnapshotAgeMs: number;
}

export const DEFAULT_TREE: TreeOptions = {
  leafItems: 128,
  fanout: 64,
  cacheBytes: 80 * 1024 * 1024,
  maxSnapshotAgeMs: 600_000,
};
