/** An item to store in a batch. */
export interface BatchItem {
  /** Place in the order, below 2^64-1. */
  readonly hint: bigint;
  readonly payload: Uint8Array;
}

/** Of length-prefixed records. */
export const ITEMS_TYPE = 'application/vnd.rangemesh.items';

/** Hint (u64) and payload length (u32), both little-endian. */
const HEAD_BYTES = 12;

/** The records of the items, one after the other. */
export function encodeBatch(items: readonly BatchItem[]): Uint8Array {
  const length = items.reduce((sum, { payload }) => sum + HEAD_BYTES + payload.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { hint, payload } of items) {
    view.setBigUint64(at, hint, true);
    view.setUint32(at + 8, payload.length, true);
    bytes.set(payload, at + HEAD_BYTES);
    at += HEAD_BYTES + payload.length;
  }
  return bytes;
}
