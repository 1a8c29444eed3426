import type { Item } from '../item.ts';

/** Payload bytes of the items together. */
export function totalBytes(items: Iterable<Item>): number {
  let bytes = 0;
  for (const { payload } of items) bytes += payload.length;
  return bytes;
}

/**
 * Bytes that an item takes on disk beside its payload: the key, the id record, its places in the index and in
 * the order of arrival, and something for what LevelDB keeps until it has compacted. Measured: 204 to 208 for
 * 100,000 items, compacted.
 */
export const ITEM_OVERHEAD_BYTES = 228;

/** Bytes that so many items take on disk. */
export function storedBytes(items: number, payloadBytes: number): number {
  return payloadBytes + items * ITEM_OVERHEAD_BYTES;
}
