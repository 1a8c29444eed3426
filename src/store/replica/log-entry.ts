import type { KeyRange } from '../buffer/index.ts';
import { readU64LE, writeU64LE } from '../bytes.ts';
import { ID_BYTES, type ItemKey } from '../item.ts';
import { HEADER_BYTES, newRecord, openRecord, RecordError, seal } from '../tree/level/record.ts';

/** What one commit did to the buffer. Played one after the other they give the buffer again. */
export interface LogEntry {
  /** Keys that left the buffer, before others came. */
  readonly taken: KeyRange | null;
  /** Keys that came into the buffer, ascending. */
  readonly added: readonly ItemKey[];
}

export const NOTHING: LogEntry = { taken: null, added: [] };

const KEY_BYTES = 8 + ID_BYTES;

/** header | 1 when keys were taken, else 0: u64 LE | first and last key taken | keys added; a key is hint u64 LE, id */
export function encodeLogEntry({ taken, added }: LogEntry): Uint8Array {
  const keys = taken === null ? added : [taken.first, taken.last, ...added];
  const record = newRecord({ level: 0, entries: 0 }, 8 + keys.length * KEY_BYTES);
  writeU64LE(record, HEADER_BYTES, taken === null ? 0n : 1n);
  const view = new DataView(record.buffer);
  let at = HEADER_BYTES + 8;
  for (const { hint, id } of keys) {
    view.setBigUint64(at, hint, true);
    record.set(id, at + 8);
    at += KEY_BYTES;
  }
  return seal(record);
}

/** Throws a RecordError on any record that `encodeLogEntry` does not write. */
export function decodeLogEntry(record: Uint8Array): LogEntry {
  openRecord(record);
  const begin = HEADER_BYTES + 8;
  const count = (record.length - begin) / KEY_BYTES;
  if (count < 0 || !Number.isInteger(count)) throw new RecordError('has a wrong length');
  const view = new DataView(record.buffer, record.byteOffset);
  const keys = Array.from({ length: count }, (_, i): ItemKey => {
    const at = begin + i * KEY_BYTES;
    return { hint: view.getBigUint64(at, true), id: record.subarray(at + 8, at + KEY_BYTES) };
  });
  const takes = readU64LE(record, HEADER_BYTES);
  if (takes === 0n) return { taken: null, added: keys };
  const [first, last, ...added] = keys;
  if (takes !== 1n || first === undefined || last === undefined) {
    throw new RecordError('does not say what was taken');
  }
  return { taken: { first, last }, added };
}
