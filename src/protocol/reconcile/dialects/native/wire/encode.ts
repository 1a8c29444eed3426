import { ID_BYTES, ZERO_BOUND } from '../../../../../store/index.ts';
import { MAX_REASON_BYTES, SYMBOL_BYTES, TAG } from '../constants.ts';
import { RecordWriter } from './bytes.ts';
import { encodeOpening } from './opening.ts';
import type { IdsRecord, ListRecord, NativeRecord, SketchRecord, SplitRecord } from './records.ts';

/** The bytes of a record. */
export function encodeRecord(record: NativeRecord): Uint8Array {
  switch (record.tag) {
    case 'open':
      return encodeOpening(record.opening);
    case 'proof':
      return start(record).bytes(record.digest).finish();
    case 'stop':
      return stop(record);
    case 'split':
      return split(record);
    case 'all':
      return start(record).finish();
    case 'fail':
      return start(record).count(record.group).count(record.differences).finish();
    case 'sketch':
      return sketch(record);
    case 'probe':
      return start(record).count(record.count).bytes(record.sums).finish();
    case 'list':
      return list(record);
    case 'more':
      return start(record).count(record.group).count(record.symbols).finish();
    case 'symbols':
    case 'found':
    case 'match':
    case 'give':
    case 'grant':
      return ofGroup(record);
    case 'piece':
      return piece(record);
    default:
      return start(record).count(record.ranges).finish();
  }
}

function start({ tag }: NativeRecord): RecordWriter {
  return new RecordWriter(TAG[tag]);
}

/** A reason longer than the limit is cut; only ASCII is sent, so no character is. */
function stop({ code, from, reason }: Extract<NativeRecord, { tag: 'stop' }>): Uint8Array {
  const text = Uint8Array.from(reason.slice(0, MAX_REASON_BYTES), (char) => {
    const unit = char.charCodeAt(0);
    return unit < 32 || unit > 126 ? 63 : unit;
  });
  const writer = new RecordWriter(TAG.stop).byte(code).byte(from === null ? 0 : 1);
  if (from !== null) writer.boundAfter(ZERO_BOUND, from);
  return writer.count(text.length).bytes(text).finish();
}

/** Part by part: bound (but the last one's), count, digest. */
function split(record: SplitRecord): Uint8Array {
  const writer = start(record).byte(record.parts.length);
  let previous = ZERO_BOUND;
  for (const { upper, count, digest } of record.parts) {
    if (upper !== null) writer.boundAfter(previous, upper);
    writer.count(count).bytes(digest);
    previous = upper ?? previous;
  }
  return writer.finish();
}

function sketch(record: SketchRecord): Uint8Array {
  const { count, sums, symbols } = record;
  const writer = start(record).count(count).bytes(sums);
  return writer
    .count(symbols.length / SYMBOL_BYTES)
    .bytes(symbols)
    .finish();
}

function list(record: ListRecord): Uint8Array {
  const { last, width, entries } = record;
  const writer = start(record)
    .byte(last ? 1 : 0)
    .byte(width);
  return writer
    .count(entries.length / width)
    .bytes(entries)
    .finish();
}

function ofGroup(
  record: Extract<NativeRecord, { tag: 'symbols' | 'found' | 'match' }> | IdsRecord,
): Uint8Array {
  const writer = start(record).count(record.group);
  switch (record.tag) {
    case 'symbols':
      return writer
        .count(record.symbols.length / SYMBOL_BYTES)
        .bytes(record.symbols)
        .finish();
    case 'found': {
      const { last, width, prefixes } = record;
      writer.byte((last ? 1 : 0) | (record.gives ? 2 : 0)).byte(width);
      return writer
        .count(prefixes.length / width)
        .bytes(prefixes)
        .finish();
    }
    case 'match':
      writer.byte(record.gives ? 2 : 0);
      return writer.count(record.bits.length).bytes(record.bits).finish();
    default:
      writer.byte(record.last ? 1 : 0).count(record.ids.length / ID_BYTES);
      return writer.bytes(record.ids).finish();
  }
}

function piece(record: Extract<NativeRecord, { tag: 'piece' }>): Uint8Array {
  const writer = start(record).byte(record.upper === null ? 1 : 0);
  if (record.upper !== null) writer.boundAfter(ZERO_BOUND, record.upper);
  return writer
    .count(record.ids.length / ID_BYTES)
    .bytes(record.ids)
    .finish();
}
