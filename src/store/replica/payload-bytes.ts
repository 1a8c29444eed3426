import type { Item } from '../item.ts';

/** Payload bytes of the items together. */
export function totalBytes(items: Iterable<Item>): number {
  let bytes = 0;
  for (const { payload } of items) bytes += payload.length;
  return bytes;
}
