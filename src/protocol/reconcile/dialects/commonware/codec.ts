import { type Bound, type Bytes, ID_BYTES } from '../../../../store/index.ts';
import { ByteReader } from '../../../byte-reader.ts';
import { malformedAs, type ProtocolError } from '../../../errors.ts';
import { varintBytes, writeVarint } from '../../../varint.ts';
import type { DecodeLimits, MessageRange } from '../shared/index.ts';
import { checkMessageBytes } from '../shared/index.ts';
import { FINGERPRINT_BYTES } from './constants.ts';

export const malformed: (problem: string) => ProtocolError = malformedAs(
  'not a reconciliation message',
);

const MODES = ['skip', 'fingerprint', 'list'] as const;
const COUNT_BYTES = 4;
/** A one-byte hint, a zero id length, a mode. */
const MIN_RANGE_BYTES = 3;

/** Bytes of `range` on the wire. */
export function rangeBytes(range: MessageRange): number {
  return boundBytes(range.upper) + 1 + contentBytes(range);
}

export function boundBytes(bound: Bound): number {
  return varintBytes(bound.hint) + 1 + (bound.id === null ? 0 : ID_BYTES);
}

function contentBytes(range: MessageRange): number {
  if (range.mode === 'skip') return 0;
  return range.mode === 'fingerprint' ? FINGERPRINT_BYTES : COUNT_BYTES + range.ids.length;
}

/** varint(number of ranges), then the ranges. */
export function encodeMessage(ranges: readonly MessageRange[]): Bytes {
  const body = new Uint8Array(ranges.reduce((sum, range) => sum + rangeBytes(range), 0));
  let at = 0;
  for (const range of ranges) at = writeRange(body, at, range);
  return withCount(ranges.length, body);
}

/** The message of `count` ranges that `body` holds. */
export function withCount(count: number, body: Uint8Array): Bytes {
  const head = varintBytes(BigInt(count));
  const out = new Uint8Array(head + body.length);
  writeVarint(out, 0, BigInt(count));
  out.set(body, head);
  return out;
}

/** Returns the next offset. */
export function writeRange(out: Uint8Array, offset: number, range: MessageRange): number {
  let at = writeBound(out, offset, range.upper);
  out[at++] = MODES.indexOf(range.mode);
  if (range.mode === 'fingerprint') out.set(range.fingerprint, at);
  if (range.mode === 'list') {
    new DataView(out.buffer, out.byteOffset).setUint32(at, range.ids.length / ID_BYTES, false);
    out.set(range.ids, at + COUNT_BYTES);
  }
  return at + contentBytes(range);
}

/** varint(hint), one byte id length (0 or 32), id. Returns the next offset. */
export function writeBound(out: Uint8Array, offset: number, bound: Bound): number {
  const at = writeVarint(out, offset, bound.hint);
  out[at] = bound.id === null ? 0 : ID_BYTES;
  if (bound.id === null) return at + 1;
  out.set(bound.id, at + 1);
  return at + 1 + ID_BYTES;
}

/**
 * Reads the ranges of a message one by one, as views of it. A count is believed only as far as the
 * bytes behind it reach. Throws `ProtocolError` `FRAME_TOO_LARGE` or, at the bad range,
 * `MALFORMED_FRAME`. `locate` checks the order of bounds.
 */
export function* readMessage(message: Uint8Array, limits: DecodeLimits): Generator<MessageRange> {
  checkMessageBytes(message.length, limits);
  const reader = new Reader(message);
  const count = reader.varint();
  reader.expect(count, MIN_RANGE_BYTES, 'ranges');
  for (let left = count; left > 0n; left--) yield reader.range();
  if (reader.remaining > 0) throw malformed(`${reader.remaining} bytes follow the last range`);
}

class Reader extends ByteReader {
  constructor(bytes: Uint8Array) {
    const truncated = `it ends after ${bytes.length} bytes, before its last range does`;
    super({ bytes, malformed, truncated });
  }

  range(): MessageRange {
    const upper = this.#bound();
    const mode = this.byte();
    if (mode === 0) return { mode: 'skip', upper };
    if (mode === 1) {
      return { mode: 'fingerprint', upper, fingerprint: this.take(FINGERPRINT_BYTES) };
    }
    if (mode === 2) return { mode: 'list', upper, ids: this.#list() };
    throw malformed(`mode ${mode} is none of 0 (skip), 1 (fingerprint), 2 (id list)`);
  }

  /** Throws unless `count` things of at least `size` bytes each can follow. */
  expect(count: bigint, size: number, things: string): void {
    if (count * BigInt(size) <= BigInt(this.remaining)) return;
    throw malformed(`${count} ${things} are announced, and ${this.remaining} bytes follow`);
  }

  #bound(): Bound {
    const hint = this.varint();
    const length = this.byte();
    if (length === 0) return { hint, id: null };
    if (length === ID_BYTES) return { hint, id: this.take(ID_BYTES) };
    throw malformed(`the id of a bound has 0 or ${ID_BYTES} bytes, not ${length}`);
  }

  #list(): Uint8Array {
    const head = this.take(COUNT_BYTES);
    const count = new DataView(head.buffer, head.byteOffset).getUint32(0, false);
    this.expect(BigInt(count), ID_BYTES, 'ids');
    return this.take(count * ID_BYTES);
  }
}
