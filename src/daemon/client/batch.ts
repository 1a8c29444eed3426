import { RECORD_HEAD_BYTES, writeRecordHead } from '../item-records/index.ts';

/** An item to store in a batch. */
export interface BatchItem {
  /** Place in the order, below 2^64-1. */
  readonly hint: bigint;
  readonly payload: Uint8Array;
}

/** The records of the items, one after the other. */
export function encodeBatch(items: readonly BatchItem[]): Uint8Array {
  const length = items.reduce((sum, { payload }) => sum + RECORD_HEAD_BYTES + payload.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { hint, payload } of items) {
    writeRecordHead(view, at, { hint, length: payload.length });
    bytes.set(payload, at + RECORD_HEAD_BYTES);
    at += RECORD_HEAD_BYTES + payload.length;
  }
  return bytes;
}
