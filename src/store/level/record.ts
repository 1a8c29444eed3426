import type { Bytes } from '../bytes.ts';
import { crc32 } from './crc32.ts';

/** The format of all records of a tree. */
const RECORD_VERSION = 1;

/** Bytes before the body: version, level, entries (u16 LE), checksum (u32 LE). */
export const HEADER_BYTES = 8;

const CHECKSUM_AT = 4;

export interface Header {
  /** Level of a node; 0 elsewhere. */
  readonly level: number;
  /** Entries of a node; 0 elsewhere. */
  readonly entries: number;
}

/** A damaged record of a tree. The message completes a sentence. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** Memory for records, each written over the one before. */
export class Scratch {
  #bytes = new Uint8Array(0);

  /** `length` bytes of any content. */
  take(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    return this.#bytes.length === length ? this.#bytes : this.#bytes.subarray(0, length);
  }
}

/** A record of `bodyBytes` bytes behind its header; `seal` it once they are written. */
export function newRecord(
  { level, entries }: Header,
  bodyBytes: number,
  scratch: Scratch = new Scratch(),
): Uint8Array {
  const record = scratch.take(HEADER_BYTES + bodyBytes);
  record[0] = RECORD_VERSION;
  record[1] = level;
  record[2] = entries;
  record[3] = entries >>> 8;
  return record;
}

/** Writes the CRC-32 of the record without it: see "Every tree record carries a CRC-32" in the docs. */
export function seal(record: Uint8Array): Uint8Array {
  const sum = checksum(record);
  for (let i = 0; i < 4; i++) record[CHECKSUM_AT + i] = sum >>> (8 * i);
  return record;
}

/** The header of a record. Throws a RecordError if it is damaged. */
export function openRecord(record: Uint8Array): Header {
  if (record.length < HEADER_BYTES) throw new RecordError(`has ${record.length} bytes only`);
  if (record[0] !== RECORD_VERSION) throw new RecordError(`has the format version ${record[0]}`);
  const stored = new DataView(record.buffer, record.byteOffset + CHECKSUM_AT).getUint32(0, true);
  if (stored !== checksum(record)) throw new RecordError('does not match its checksum');
  return { level: record[1]!, entries: record[2]! | (record[3]! << 8) };
}

/** The bytes behind the header, copied if typed arrays cannot read them in place. */
export function bodyOf(record: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = record;
  if (byteOffset % 8 !== 0) return new Uint8Array(record).subarray(HEADER_BYTES);
  return new Uint8Array(
    buffer as ArrayBuffer,
    byteOffset + HEADER_BYTES,
    byteLength - HEADER_BYTES,
  );
}

function checksum(record: Uint8Array): number {
  return crc32(record.subarray(HEADER_BYTES), crc32(record.subarray(0, CHECKSUM_AT)));
}
