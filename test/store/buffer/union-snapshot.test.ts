import { UnionSnapshot, WriteBuffer } from '../../../src/store/buffer/index.ts';
import type { FingerprintScheme, ItemKey, Snapshot, Storage } from '../../../src/store/index.ts';
import { MemoryTree } from '../../../src/store/tree/memory/index.ts';
import { storageConformance } from '../../conformance/storage.ts';
import { belowOutside } from '../tree/support.ts';

interface Sizes {
  leafItems: number;
  fanout: number;
  /** Buffered keys past which some are merged. */
  bufferItems: number;
  /** Keys merged at a time. */
  slice: number;
}

/** A tree in memory behind a buffer that is merged slice by slice, going round in key order. */
class BufferedTree implements Storage {
  readonly scheme: FingerprintScheme;
  readonly #sizes: Sizes;
  readonly #tree: MemoryTree;
  /** All ids: what the records by id are on disk. */
  readonly #ids: MemoryTree;
  #buffer: WriteBuffer;
  #behind: ItemKey | null = null;

  constructor(scheme: FingerprintScheme, sizes: Sizes) {
    this.scheme = scheme;
    this.#sizes = sizes;
    const { leafItems, fanout } = sizes;
    this.#tree = new MemoryTree({ scheme, leafItems, fanout });
    this.#ids = new MemoryTree({ scheme });
    this.#buffer = WriteBuffer.empty({ scheme, chunkItems: leafItems, groupChunks: fanout });
  }

  get size(): number {
    return this.#tree.size + this.#buffer.size;
  }

  insert(keys: readonly ItemKey[]): ItemKey[] {
    const added = this.#ids.insert(keys);
    this.#buffer = this.#buffer.insert(added);
    while (this.#buffer.size > this.#sizes.bufferItems) this.#merge();
    return added;
  }

  remove(ids: readonly Uint8Array[]): number {
    this.#tree.remove(ids);
    const gone = this.#ids.snapshot();
    const count = this.#ids.remove(ids);
    for (const key of [...this.#buffer.keys(0, this.#buffer.size)]) {
      if (this.#ids.contains(key.id) || !gone.contains(key.id)) continue;
      this.#buffer = this.#buffer.without({ first: key, last: key });
    }
    return count;
  }

  contains(id: Uint8Array): boolean {
    return this.#ids.contains(id);
  }

  snapshot(): Snapshot {
    const ids = this.#ids.snapshot();
    const tree = this.#tree.snapshot();
    const contains = (id: Uint8Array): boolean => {
      tree.keys(0, 0);
      return ids.contains(id);
    };
    return new UnionSnapshot({
      tree: {
        scheme: tree.scheme,
        size: tree.size,
        select: (rank) => tree.select(rank),
        lowerBound: (bound) => tree.lowerBound(bound),
        countBelow: (isBelow) => tree.countBelow(isBelow),
        keys: (begin, end) => tree.keys(begin, end),
        ids: (begin, end) => tree.ids(begin, end),
        fingerprint: (begin, end) => tree.fingerprint(begin, end),
        contains,
        release: () => tree.release(),
        under: (scheme) => tree.under(scheme),
      },
      buffer: this.#buffer,
    });
  }

  #merge(): void {
    const { keys, rest } = this.#buffer.take(this.#behind, this.#sizes.slice);
    this.#tree.insert(keys);
    this.#buffer = rest;
    this.#behind = keys.at(-1) ?? null;
  }
}

const shapes: Sizes[] = [
  { leafItems: 2, fanout: 2, bufferItems: 1, slice: 1 },
  { leafItems: 3, fanout: 2, bufferItems: 7, slice: 3 },
  { leafItems: 4, fanout: 4, bufferItems: 40, slice: 16 },
  { leafItems: 128, fanout: 64, bufferItems: 10_000, slice: 1 },
];

for (const sizes of shapes) {
  storageConformance(
    `a buffer of ${sizes.bufferItems} before a tree of ${sizes.leafItems} x ${sizes.fanout}`,
    ({ scheme }) => new BufferedTree(scheme, sizes),
  );
}

storageConformance(
  'sub-range of a buffer before a tree',
  ({ scheme }) => belowOutside(new BufferedTree(scheme, shapes[1]!)),
  { runs: 20 },
);
