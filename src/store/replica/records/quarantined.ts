import { readU64LE, writeU64LE } from '../../bytes.ts';
import { HEADER_BYTES, newRecord, openRecord, RecordError, seal } from '../../level/index.ts';

/** A damaged item that was put aside. */
export interface Quarantined {
  /** Wall time in milliseconds since the epoch. */
  readonly at: number;
  readonly hint: bigint;
  /** The bytes as they were found; null when there were none. */
  readonly payload: Uint8Array | null;
  /** Its place in the order of arrival; 0 if that is unknown. */
  readonly seq: number;
}

/** header | at u64 LE | hint u64 LE | twice the place, and 1 when there were bytes: u64 LE | the bytes */
export function encodeQuarantined({ at, hint, payload, seq }: Quarantined): Uint8Array {
  const record = newRecord({ level: 0, entries: 0 }, 24 + (payload?.length ?? 0));
  writeU64LE(record, HEADER_BYTES, BigInt(Math.max(0, Math.floor(at))));
  writeU64LE(record, HEADER_BYTES + 8, hint);
  writeU64LE(record, HEADER_BYTES + 16, 2n * BigInt(seq) + (payload === null ? 0n : 1n));
  if (payload !== null) record.set(payload, HEADER_BYTES + 24);
  return seal(record);
}

/** Throws a RecordError on any record that `encodeQuarantined` does not write. */
export function decodeQuarantined(record: Uint8Array): Quarantined {
  openRecord(record);
  if (record.length < HEADER_BYTES + 24) throw new RecordError('is cut short');
  const place = readU64LE(record, HEADER_BYTES + 16);
  return {
    at: Number(readU64LE(record, HEADER_BYTES)),
    hint: readU64LE(record, HEADER_BYTES + 8),
    payload: place % 2n === 1n ? record.slice(HEADER_BYTES + 24) : null,
    seq: Number(place / 2n),
  };
}
