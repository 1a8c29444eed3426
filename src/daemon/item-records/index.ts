/**
 * Length-prefixed records of items, as the endpoint and its client write them. It runs in browsers, unlike `bulk`.
 */

/** The media type of length-prefixed records. */
export const ITEMS_TYPE = 'application/vnd.rangemesh.items';

/** Hint (u64) and payload length (u32), both little-endian. */
export const RECORD_HEAD_BYTES = 12;

export interface RecordHead {
  readonly hint: bigint;
  /** Bytes of the payload. */
  readonly length: number;
}

export function writeRecordHead(view: DataView, at: number, { hint, length }: RecordHead): void {
  view.setBigUint64(at, hint, true);
  view.setUint32(at + 8, length, true);
}

export function readRecordHead(view: DataView, at: number): RecordHead {
  return { hint: view.getBigUint64(at, true), length: view.getUint32(at + 8, true) };
}
