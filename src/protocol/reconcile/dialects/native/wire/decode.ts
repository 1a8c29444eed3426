import { BUCKETS, ID_BYTES, ZERO_BOUND } from '../../../../../store/index.ts';
import {
  BRANCHING,
  DIGEST_BYTES,
  LIST_WIDTH,
  MAX_REASON_BYTES,
  PROOF_BYTES,
  SHORT_LIST_WIDTH,
  SKETCH_SUMS,
  SYMBOL_BYTES,
  TAG,
} from '../constants.ts';
import { FrameReader, malformed } from './bytes.ts';
import { readOpening } from './opening.ts';
import type { NativeRecord, SplitPart } from './records.ts';

type Tag = NativeRecord['tag'];

/** Bytes that an entry of a list may have. */
const WIDTHS: ReadonlySet<number> = new Set([SHORT_LIST_WIDTH, LIST_WIDTH, 8, ID_BYTES]);

const TAGS: ReadonlyMap<number, Tag> = new Map(
  Object.entries(TAG).map(([name, byte]) => [byte, name as Tag]),
);

/**
 * The records of a frame, one by one, as views of it; a count is believed as far as the bytes behind
 * it go. Throws `MALFORMED_FRAME` at the record where it shows.
 */
export function* decodeFrame(frame: Uint8Array): Generator<NativeRecord> {
  if (frame.length === 0) throw malformed('it is empty');
  const reader = new FrameReader(frame);
  while (reader.remaining > 0) {
    const begin = reader.offset;
    const byte = reader.byte();
    const tag = TAGS.get(byte);
    if (tag === undefined) throw malformed(`there is no record ${byte}`);
    if (tag === 'open') {
      const opening = readOpening(reader);
      yield { tag, opening, bytes: frame.slice(begin, reader.offset) };
    } else {
      yield readRecord(tag, reader);
    }
  }
}

function readRecord(tag: Exclude<Tag, 'open'>, reader: FrameReader): NativeRecord {
  switch (tag) {
    case 'proof':
      return { tag, digest: reader.take(PROOF_BYTES) };
    case 'stop':
      return readStop(reader);
    case 'split':
      return { tag, parts: readParts(reader) };
    case 'all':
      return { tag };
    case 'fail':
      return { tag, group: reader.count(), differences: reader.count() };
    case 'sketch': {
      const count = reader.count();
      const sums = reader.take(SKETCH_SUMS);
      return { tag, count, sums, symbols: readThings(reader, SYMBOL_BYTES) };
    }
    case 'probe':
      return { tag, count: reader.count(), sums: reader.take(BUCKETS) };
    case 'list': {
      const last = readFlag(reader);
      const width = readWidth(reader, (bytes) => WIDTHS.has(bytes));
      return { tag, last, width, entries: readSome(reader, width, last) };
    }
    case 'more':
      return { tag, group: reader.count(), symbols: readPositive(reader) };
    case 'symbols':
    case 'found':
    case 'match':
    case 'give':
    case 'grant':
      return readOfGroup(tag, reader);
    case 'piece': {
      const upper = readFlag(reader) ? null : reader.boundAfter(ZERO_BOUND);
      return { tag, upper, ids: readSome(reader, ID_BYTES, upper === null) };
    }
    default:
      return { tag, ranges: readPositive(reader) };
  }
}

function readOfGroup(
  tag: 'symbols' | 'found' | 'match' | 'give' | 'grant',
  reader: FrameReader,
): NativeRecord {
  const group = reader.count();
  switch (tag) {
    case 'symbols':
      return { tag, group, symbols: readThings(reader, SYMBOL_BYTES) };
    case 'found': {
      const { last, gives } = readFlags(reader);
      const width = readWidth(reader, (bytes) => bytes >= 2 && bytes <= 8);
      return { tag, group, last, gives, width, prefixes: readSome(reader, width, last) };
    }
    case 'match':
      return { tag, group, gives: readFlags(reader).gives, bits: readThings(reader, 1) };
    default:
      return readIds(tag, group, reader);
  }
}

function readStop(reader: FrameReader): NativeRecord {
  const code = reader.byte();
  const from = readFlag(reader) ? reader.boundAfter(ZERO_BOUND) : null;
  const length = reader.count();
  if (length > MAX_REASON_BYTES) throw malformed(`a reason of ${length} bytes`);
  const text = reader.take(length).map((byte) => (byte < 32 || byte > 126 ? 63 : byte));
  return { tag: 'stop', code, from, reason: String.fromCharCode(...text) };
}

function readParts(reader: FrameReader): SplitPart[] {
  const count = reader.byte();
  if (count < 2 || count > BRANCHING) {
    throw malformed(`a range is split into 2 to ${BRANCHING} parts, not ${count}`);
  }
  const parts: SplitPart[] = [];
  let previous = ZERO_BOUND;
  for (let left = count; left > 0; left--) {
    const upper = left === 1 ? null : reader.boundAfter(previous);
    parts.push({ upper, count: reader.count(), digest: reader.take(DIGEST_BYTES).slice() });
    previous = upper ?? previous;
  }
  return parts;
}

function readThings(reader: FrameReader, size: number): Uint8Array {
  return reader.take(reader.countOf(size) * size);
}

function readIds(tag: 'give' | 'grant', group: number, reader: FrameReader): NativeRecord {
  const last = readFlag(reader);
  return { tag, group, last, ids: readSome(reader, ID_BYTES, last) };
}

/** Things of which only the last record may hold none: a peer cannot go on for ever saying nothing. */
function readSome(reader: FrameReader, size: number, last: boolean): Uint8Array {
  const things = readThings(reader, size);
  if (things.length > 0 || last) return things;
  throw malformed('it says nothing and goes on');
}

function readPositive(reader: FrameReader): number {
  const count = reader.count();
  if (count > 0) return count;
  throw malformed('it says something of nothing');
}

function readFlag(reader: FrameReader): boolean {
  const flag = reader.byte();
  if (flag > 1) throw malformed(`${flag} is neither yes nor no`);
  return flag === 1;
}

function readFlags(reader: FrameReader): { last: boolean; gives: boolean } {
  const flags = reader.byte();
  if (flags > 3) throw malformed(`there are no flags ${flags}`);
  return { last: (flags & 1) !== 0, gives: (flags & 2) !== 0 };
}

function readWidth(reader: FrameReader, fits: (width: number) => boolean): number {
  const width = reader.byte();
  if (!fits(width)) throw malformed(`nothing here has ${width} bytes`);
  return width;
}
