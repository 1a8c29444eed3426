import { checkInit, checkSize } from '../checks.ts';
import { checkScheme, type FingerprintScheme } from '../fingerprint/index.ts';
import type { Snapshot } from '../storage.ts';
import { HeapSet, type LazyRef, lazyNodes } from '../tree/index.ts';

/** The scheme of a `SortedVector`, and the size of its chunks. */
export interface SortedVectorInit {
  scheme: FingerprintScheme;
  /**
   * Items in one chunk at most, at least 2. Each chunk keeps one sum. Raising it saves memory
   * (an LtHash sum is 2 KiB); lowering it makes the fingerprint of a range cheaper, which expands up
   * to half a chunk at each of its ends.
   * @default 64
   */
  chunkItems?: number;
  /**
   * Chunks in one group at most, at least 2; each group keeps one sum too. The fingerprint of a
   * range adds up to half a group of chunk sums at each end, and the sums of all groups between.
   * @default 64
   */
  groupChunks?: number;
}

/**
 * An item set in memory: a tree whose sums are computed once, when they are first asked for, and
 * shared by every snapshot. A write copies the chunks it touches and the path to them.
 */
export class SortedVector extends HeapSet<LazyRef> {
  /** Throws `INVALID_INIT`, `INVALID_SIZE` or `INVALID_SCHEME`. */
  constructor(init: SortedVectorInit) {
    checkInit('a SortedVector', init);
    const { scheme, chunkItems = 64, groupChunks = 64 } = init;
    checkSize('chunkItems', chunkItems, 2, Number.MAX_SAFE_INTEGER);
    checkSize('groupChunks', groupChunks, 2, Number.MAX_SAFE_INTEGER);
    checkScheme(scheme);
    super(lazyNodes({ scheme, leafItems: chunkItems, fanout: groupChunks }));
  }

  /** It shows no edges, so that sessions cut it into even ranges. */
  override snapshot(): Snapshot {
    return Object.assign(this.takeSnapshot(), { edgeNear: undefined });
  }
}
