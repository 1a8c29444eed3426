import type { KeyRange } from '../../buffer/index.ts';
import { readU64LE, writeU64LE } from '../../bytes.ts';
import { ID_BYTES, type ItemKey } from '../../item.ts';
import { HEADER_BYTES, newRecord, openRecord, RecordError, seal } from '../../level/index.ts';

/** The change of the buffer by one commit. All entries, played in order, give the buffer again. */
export interface LogEntry {
  /** Keys that left the buffer, before `added` came. */
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

export interface LoggedEntry {
  readonly taken: KeyRange | null;
  readonly added: LoggedKeys;
}

/** Throws a RecordError on any record that `encodeLogEntry` does not write. */
export function decodeLogEntry(record: Uint8Array): LoggedEntry {
  openRecord(record);
  const begin = HEADER_BYTES + 8;
  const count = (record.length - begin) / KEY_BYTES;
  if (count < 0 || !Number.isInteger(count)) throw new RecordError('has a wrong length');
  const takes = readU64LE(record, HEADER_BYTES);
  if (takes === 0n) return { taken: null, added: new LoggedKeys(record, begin) };
  if (takes !== 1n || count < 2) throw new RecordError('does not say what was taken');
  const taken = new LoggedKeys(record, begin);
  const added = new LoggedKeys(record, begin + 2 * KEY_BYTES);
  return { taken: { first: taken.key(0), last: taken.key(1) }, added };
}

/** Keys in a record, decoded on demand: most of them have left the buffer again. */
export class LoggedKeys {
  readonly length: number;
  readonly #record: Uint8Array;
  readonly #view: DataView;
  readonly #begin: number;

  constructor(record: Uint8Array, begin: number) {
    this.#record = record;
    this.#view = new DataView(record.buffer, record.byteOffset);
    this.#begin = begin;
    this.length = (record.length - begin) / KEY_BYTES;
  }

  /** The low word of the hint, or the high one. */
  hintWord(position: number, which: 0 | 1): number {
    return this.#view.getUint32(this.#begin + position * KEY_BYTES + 4 * which, true);
  }

  /** The hint as a double: in the order of the hints, but neighbours may be equal. */
  hint(position: number): number {
    return this.hintWord(position, 1) * 2 ** 32 + this.hintWord(position, 0);
  }

  copyId(position: number, into: Uint8Array, to: number): void {
    const from = this.#begin + position * KEY_BYTES + 8;
    for (let i = 0; i < ID_BYTES; i++) into[to + i] = this.#record[from + i]!;
  }

  key(position: number): ItemKey {
    const at = this.#begin + position * KEY_BYTES;
    const id = this.#record.subarray(at + 8, at + KEY_BYTES);
    return { hint: this.#view.getBigUint64(at, true), id };
  }
}
