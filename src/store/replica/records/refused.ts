import { readU64LE, writeU64LE } from '../../bytes.ts';
import { INFINITE_HINT } from '../../item.ts';
import {
  HEADER_BYTES,
  isBytes,
  newRecord,
  openRecord,
  type ReadResult,
  RecordError,
  seal,
} from '../../level/index.ts';

/** Who keeps an item out. */
export type RefusedBy = 'operator' | 'policy';

/** An item that is kept out of the set, that a policy refused, or that is let in again. */
export interface RefusedRecord {
  /** Wall time in milliseconds since the epoch. */
  readonly at: number;
  /** Null once the item is let in again. */
  readonly by: RefusedBy | null;
  /** Null if it is unknown. */
  readonly hint: bigint | null;
  /** Its place in the order of arrival, 0 if that is unknown; null if the item was never held. */
  readonly seq: number | null;
  readonly reason: string;
  /** The marks of the sources that a policy refused it from, the oldest first; none for other origins. */
  readonly marks: readonly Uint8Array[];
}

/** Bytes that stand for a source. */
export const MARK_BYTES = 16;
/** Most sources of one record. */
export const MAX_MARKS = 8;

/** Longest reason, in bytes of UTF-8. */
export const MAX_REASON_BYTES = 256;

/** By the number in the record. 2 was a policy without sources; 3 is a policy, and marks follow. */
const BY: readonly (RefusedBy | null)[] = [null, 'operator', 'policy', 'policy'];
const MARKED = 3;

const FIXED_BYTES = 25;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * header | at u64 LE | hint u64 LE, 2^64-1 if unknown | twice the place, and 1 when the item was held: u64 LE |
 * by u8 | of a policy: number of marks u8, marks of 16 bytes | reason
 */
export function encodeRefused({ at, by, hint, seq, reason, marks }: RefusedRecord): Uint8Array {
  const text = encoder.encode(reason);
  const marked = by === 'policy' ? 1 + marks.length * MARK_BYTES : 0;
  const record = newRecord({ level: 0, entries: 0 }, FIXED_BYTES + marked + text.length);
  writeU64LE(record, HEADER_BYTES, BigInt(Math.max(0, Math.floor(at))));
  writeU64LE(record, HEADER_BYTES + 8, hint ?? INFINITE_HINT);
  writeU64LE(record, HEADER_BYTES + 16, seq === null ? 0n : 2n * BigInt(seq) + 1n);
  record[HEADER_BYTES + 24] = by === 'policy' ? MARKED : BY.indexOf(by);
  const rest = HEADER_BYTES + FIXED_BYTES;
  if (by === 'policy') {
    record[rest] = marks.length;
    for (const [i, mark] of marks.entries()) record.set(mark, rest + 1 + i * MARK_BYTES);
  }
  record.set(text, rest + marked);
  return seal(record);
}

/** Throws a RecordError on any record that `encodeRefused` does not write. */
export function decodeRefused(record: Uint8Array): RefusedRecord {
  openRecord(record);
  if (record.length < HEADER_BYTES + FIXED_BYTES) throw new RecordError('is cut short');
  const by = BY[record[HEADER_BYTES + 24]!];
  if (by === undefined) throw new RecordError('names no origin that is known');
  const hint = readU64LE(record, HEADER_BYTES + 8);
  const place = readU64LE(record, HEADER_BYTES + 16);
  const rest = record.subarray(HEADER_BYTES + FIXED_BYTES);
  const isMarked = record[HEADER_BYTES + 24] === MARKED;
  const marks = isMarked ? marksIn(rest) : [];
  const marked = isMarked ? 1 + marks.length * MARK_BYTES : 0;
  return {
    at: Number(readU64LE(record, HEADER_BYTES)),
    by,
    hint: hint === INFINITE_HINT ? null : hint,
    seq: place % 2n === 1n ? Number(place / 2n) : null,
    reason: decoder.decode(rest.subarray(marked)),
    marks,
  };
}

function marksIn(rest: Uint8Array): Uint8Array[] {
  const count = rest[0] ?? 0;
  if (count === 0 || count > MAX_MARKS || rest.length < 1 + count * MARK_BYTES) {
    throw new RecordError('has a wrong number of sources');
  }
  return Array.from({ length: count }, (_, i) =>
    rest.slice(1 + i * MARK_BYTES, 1 + (i + 1) * MARK_BYTES),
  );
}

/** A damaged record keeps out the id that it lies under. Whether the item was held is unknown then. */
const DAMAGED: RefusedRecord = {
  at: 0,
  by: 'operator',
  hint: null,
  seq: 0,
  reason: '',
  marks: [],
};

/** The record that was read, if there is one. */
export function refusedIn(found: ReadResult): RefusedRecord | null {
  if (found === undefined) return null;
  if (!isBytes(found)) return DAMAGED;
  try {
    return decodeRefused(found);
  } catch (error) {
    if (error instanceof RecordError) return DAMAGED;
    throw error;
  }
}
