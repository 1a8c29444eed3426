import type { Item } from '../item.ts';

/** Payload bytes of the items together. */
export function totalBytes(items: Iterable<Item>): number {
  let bytes = 0;
  for (const { payload } of items) bytes += payload.length;
  return bytes;
}

/**
 * Bytes that an item takes on disk beside its payload: the key, the id record, its place in the index, and
 * what LevelDB keeps of them until it has compacted. Measured: 163 to 173 for 100,000 items.
 */
export const ITEM_OVERHEAD_BYTES = 176;

/** Bytes that so many items take on disk. */
export function storedBytes(items: number, payloadBytes: number): number {
  return payloadBytes + items * ITEM_OVERHEAD_BYTES;
}
