import { concatBytes, INFINITE_HINT, type Item } from '../../store/index.ts';
import { RECORD_HEAD_BYTES, readRecordHead, writeRecordHead } from '../item-records/index.ts';
import { BulkError } from './errors.ts';
import { parseNotice } from './notices.ts';
import type { BulkDecoder, BulkRecord, StreamNotice } from './records.ts';

/** A notice is short JSON. */
const MAX_NOTICE_BYTES = 4_096;

/** A record: hint, length, payload. */
export function encodeRecord(hint: bigint, payload: Uint8Array): Uint8Array {
  const record = encodeHead(hint, payload.length, RECORD_HEAD_BYTES + payload.length);
  record.set(payload, RECORD_HEAD_BYTES);
  return record;
}

function encodeHead(hint: bigint, length: number, bytes: number = RECORD_HEAD_BYTES): Buffer {
  const head = Buffer.allocUnsafe(bytes);
  writeRecordHead(new DataView(head.buffer, head.byteOffset), 0, { hint, length });
  return head;
}

/** Bytes of a long payload in one piece. */
const PIECE_BYTES = 64 * 1024;

/** A record in pieces where the payload is long. */
export function* encodeItem({ hint, payload }: Item): Generator<Uint8Array> {
  const { length } = payload;
  if (length <= PIECE_BYTES) return yield encodeRecord(hint, payload);
  yield encodeHead(hint, length);
  for (let at = 0; at < length; at += PIECE_BYTES) yield payload.subarray(at, at + PIECE_BYTES);
}

/** A record under the hint that no item has; its payload is JSON. */
export function encodeNotice(notice: StreamNotice): Uint8Array {
  return encodeRecord(INFINITE_HINT, Buffer.from(JSON.stringify(notice)));
}

/** Reads length-prefixed records. Payloads are views of the chunks. */
export class BinaryDecoder implements BulkDecoder {
  readonly #maxItemBytes: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Bytes that the next step needs. */
  #needed = RECORD_HEAD_BYTES;
  /** Bytes of a too long item that are still to come. */
  #skipping = 0;
  #line = 0;
  #failure: BulkError | null = null;

  constructor({ maxItemBytes }: { readonly maxItemBytes: number }) {
    this.#maxItemBytes = maxItemBytes;
  }

  get failure(): BulkError | null {
    return this.#failure;
  }

  get collecting(): number {
    return this.#needed > this.#length ? this.#needed : 0;
  }

  push(chunk: Uint8Array): BulkRecord[] {
    if (this.#failure !== null) throw this.#failure;
    const skipped = Math.min(this.#skipping, chunk.length);
    this.#skipping -= skipped;
    this.#parts.push(skipped === 0 ? chunk : chunk.subarray(skipped));
    this.#length += chunk.length - skipped;
    if (this.#length < this.#needed) return [];
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 ? only! : concatBytes(...this.#parts);
    const records: BulkRecord[] = [];
    this.#keep(bytes.subarray(this.#read(bytes, records)));
    return records;
  }

  end(): BulkRecord[] {
    if (this.#failure !== null) throw this.#failure;
    if (this.#length === 0 && this.#skipping === 0) return [];
    throw new BulkError('STREAM_CUT', `the stream ends within record ${this.#line + 1}`);
  }

  #keep(rest: Uint8Array): void {
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
  }

  /** Reads whole records; returns where the rest begins. */
  #read(bytes: Uint8Array, records: BulkRecord[]): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (;;) {
      this.#needed = RECORD_HEAD_BYTES;
      if (bytes.length - at < RECORD_HEAD_BYTES) return at;
      const { hint, length } = readRecordHead(view, at);
      const isNotice = hint === INFINITE_HINT;
      if (isNotice && length > MAX_NOTICE_BYTES) return this.#fail(bytes);
      const begin = at + RECORD_HEAD_BYTES;
      const end = begin + length;
      if (length > this.#maxItemBytes && !isNotice) {
        records.push(this.#tooLarge(length));
        this.#skipping = Math.max(0, end - bytes.length);
        at = Math.min(end, bytes.length);
        continue;
      }
      this.#needed = RECORD_HEAD_BYTES + length;
      if (end > bytes.length) return at;
      const payload = bytes.subarray(begin, end);
      const notice = isNotice ? parseNotice(Buffer.from(payload).toString()) : null;
      if (isNotice && notice === null) return this.#fail(bytes);
      const line = ++this.#line;
      records.push(
        notice === null
          ? { kind: 'item', line, hint, id: null, payload }
          : { kind: 'notice', line, notice },
      );
      at = end;
    }
  }

  /** Nothing behind this place can be read. */
  #fail(bytes: Uint8Array): number {
    const message = `record ${this.#line + 1} has the hint ${INFINITE_HINT}, which no item has, and is no notice`;
    this.#failure = new BulkError('STREAM_CUT', message);
    return bytes.length;
  }

  #tooLarge(length: number): BulkRecord {
    const message = `the item has ${length} bytes, at most ${this.#maxItemBytes} bytes are taken: split it, or raise limits.maxItemBytes on all nodes`;
    return { kind: 'fault', line: ++this.#line, code: 'ITEM_TOO_LARGE', message };
  }
}
