import {
  equalBytes,
  lthash,
  MemoryTree,
  type Replica,
  StoreError,
  type VerifiedItem,
} from '../../../src/store/index.ts';

/** Hides an item in the index of a replica; with `record`, it is lost and cannot be stored again. */
export function hide(replica: Replica, id: Uint8Array, { record }: { record: boolean }): void {
  const whole = replica.snapshot();
  const tree = new MemoryTree({ scheme: lthash });
  tree.insert([...whole.keys(0, whole.size)]);
  whole.release();
  tree.remove([id]);
  const { contains, head, putVerified } = replica;
  const isLost = (asked: Uint8Array) => record && equalBytes(asked, id);
  const holds = (asked: Uint8Array) => !isLost(asked) && contains.call(replica, asked);
  Object.assign(replica, {
    snapshot: () => Object.assign(tree.snapshot(), { contains: holds }),
    contains: holds,
    head: async (asked: Uint8Array) => (isLost(asked) ? undefined : head.call(replica, asked)),
    putVerified: async (items: readonly VerifiedItem[]) => {
      if (items.some((item) => isLost(item.id))) throw new StoreError('DISK_FULL', 'no room');
      return putVerified.call(replica, items);
    },
  });
}
