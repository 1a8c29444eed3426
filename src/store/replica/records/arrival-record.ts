import { type Bytes, readU64LE, writeU64LE } from '../../bytes.ts';
import { type HeldKey, ID_BYTES, type ItemKey } from '../../item.ts';
import { HEADER_BYTES, newRecord, openRecord, RecordError, seal } from '../../level/index.ts';

/** Most entries in a record of arrivals, so that a reader holds little at a time. */
export const MAX_ARRIVALS = 4_096;

/** Most bytes of the name of a source: their length is one byte on disk. */
export const MAX_SOURCE_BYTES = 255;

const HINT_BYTES = 8;
const LENGTH_AT = HINT_BYTES + ID_BYTES;
const SOURCE_AT = LENGTH_AT + 4;
const ENTRY_BYTES = SOURCE_AT + 2;
const TABLE_AT = HEADER_BYTES + 24;

/** An item in the order of arrival. */
export interface ArrivedItem extends HeldKey {
  /** Payload bytes. */
  readonly bytes: number;
  /** The peer that it came from; null if it was put here, or if that is unknown. */
  readonly source: string | null;
}

/** The facts that the entries of a record share. */
export interface ArrivalHead {
  /** The number of the commit that brought the items. */
  readonly commit: number;
  /** Wall time in milliseconds since the epoch; 0 if it is unknown. */
  readonly at: number;
}

export interface ArrivalRecordInit extends ArrivalHead {
  readonly entries: number;
  /** Names of peers, at most `MAX_SOURCE_BYTES` of UTF-8 each. */
  readonly sources: readonly string[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Writes a record of arrivals: header | commit | time | bytes of the sources, each u64 LE | sources, each
 * its length in a byte and UTF-8 | entries: hint u64 LE, id, payload bytes u32 LE, source u16 LE.
 */
export class ArrivalRecord {
  readonly #record: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor({ commit, at, entries, sources }: ArrivalRecordInit) {
    const names = sources.map((source) => encoder.encode(source));
    const tableBytes = names.reduce((sum, { length }) => sum + 1 + length, 0);
    const body = TABLE_AT - HEADER_BYTES + tableBytes + entries * ENTRY_BYTES;
    this.#record = newRecord({ level: 0, entries: 0 }, body);
    this.#view = new DataView(this.#record.buffer, this.#record.byteOffset);
    writeU64LE(this.#record, HEADER_BYTES, BigInt(commit));
    writeU64LE(this.#record, HEADER_BYTES + 8, BigInt(Math.max(0, Math.floor(at))));
    writeU64LE(this.#record, HEADER_BYTES + 16, BigInt(tableBytes));
    this.#at = TABLE_AT;
    for (const name of names) {
      this.#record[this.#at] = name.length;
      this.#record.set(name, this.#at + 1);
      this.#at += 1 + name.length;
    }
  }

  /** @param source 0 for none, else 1 and its position among the sources. */
  add({ hint, id }: ItemKey, bytes: number, source: number): void {
    const at = this.#at;
    this.#view.setBigUint64(at, hint, true);
    this.#record.set(id, at + HINT_BYTES);
    this.#view.setUint32(at + LENGTH_AT, bytes, true);
    this.#view.setUint16(at + SOURCE_AT, source, true);
    this.#at = at + ENTRY_BYTES;
  }

  sealed(): Uint8Array {
    return seal(this.#record);
  }
}

/** A record of arrivals; its entries are decoded on demand. */
export class LoggedArrivals implements ArrivalHead {
  readonly commit: number;
  readonly at: number;
  readonly length: number;
  readonly #record: Uint8Array;
  readonly #view: DataView;
  readonly #begin: number;
  readonly #sources: readonly string[];

  /** Throws a RecordError on any record that `ArrivalRecord` does not write. */
  constructor(record: Uint8Array) {
    openRecord(record);
    if (record.length < TABLE_AT) throw new RecordError('is cut short');
    const number = (at: number): number => Number(readU64LE(record, HEADER_BYTES + at));
    this.commit = number(0);
    this.at = number(8);
    this.#begin = TABLE_AT + number(16);
    this.length = (record.length - this.#begin) / ENTRY_BYTES;
    if (!Number.isInteger(this.length) || this.length < 1 || this.length > MAX_ARRIVALS) {
      throw new RecordError('has a wrong length');
    }
    this.#record = record;
    this.#view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    this.#sources = namesIn(record.subarray(TABLE_AT, this.#begin));
  }

  /** A copy of the id: the record need not be kept for it. */
  id(position: number): Bytes {
    const at = this.#begin + position * ENTRY_BYTES + HINT_BYTES;
    return new Uint8Array(this.#record.subarray(at, at + ID_BYTES));
  }

  key(position: number): HeldKey {
    const at = this.#begin + position * ENTRY_BYTES;
    return { hint: this.#view.getBigUint64(at, true), id: this.id(position) };
  }

  item(position: number): ArrivedItem {
    const at = this.#begin + position * ENTRY_BYTES;
    return {
      ...this.key(position),
      bytes: this.#view.getUint32(at + LENGTH_AT, true),
      source: this.#source(this.#view.getUint16(at + SOURCE_AT, true)),
    };
  }

  #source(number: number): string | null {
    if (number === 0) return null;
    const source = this.#sources[number - 1];
    if (source === undefined) throw new RecordError('names a source that it does not have');
    return source;
  }
}

function namesIn(table: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at < table.length; ) {
    const end = at + 1 + table[at]!;
    if (end > table.length) throw new RecordError('has a damaged table of sources');
    names.push(decoder.decode(table.subarray(at + 1, end)));
    at = end;
  }
  return names;
}
