import { bytesToHex, hexToBytes, INFINITE_HINT, type Item } from '../../store/index.ts';
import { LineSplitter, type TextLine } from '../line-splitter.ts';
import { toNotice } from './notices.ts';
import type { BulkDecoder, BulkRecord } from './records.ts';

/** Of a line, beside its payload in base64. */
const FRAME_BYTES = 512;
const KNOWN: ReadonlySet<string> = new Set(['hint', 'id', 'payload']);
const NOTICES: readonly string[] = ['header', 'trailer', 'error', 'missing'];

/** Bytes that are written in base64 at once: whole groups of three. */
const PIECE_BYTES = 48 * 1024;

/** A line with hint, id and payload in base64, in pieces where the payload is long. */
export function* encodeItemLine({ hint, id, payload }: Item): Generator<Uint8Array> {
  const { buffer, byteOffset, length } = payload;
  const bytes = Buffer.from(buffer, byteOffset, length);
  const begin = `{"hint":"${hint}","id":"${bytesToHex(id)}","payload":"`;
  if (length <= PIECE_BYTES) return yield Buffer.from(`${begin}${bytes.toString('base64')}"}\n`);
  yield Buffer.from(begin);
  for (let at = 0; at < length; at += PIECE_BYTES) {
    yield Buffer.from(bytes.toString('base64', at, Math.min(length, at + PIECE_BYTES)));
  }
  yield Buffer.from('"}\n');
}

/** Reads lines of JSON: `hint` (digits, or none), `payload` (base64), and maybe `id`. */
export class NdjsonDecoder implements BulkDecoder {
  /** A line that cannot be read is a fault of its own. */
  readonly failure = null;
  readonly #maxItemBytes: number;
  readonly #lines: LineSplitter;

  constructor({ maxItemBytes }: { readonly maxItemBytes: number }) {
    this.#maxItemBytes = maxItemBytes;
    this.#lines = new LineSplitter(Math.ceil(maxItemBytes / 3) * 4 + FRAME_BYTES);
  }

  get collecting(): number {
    return this.#lines.length;
  }

  push(chunk: Uint8Array): BulkRecord[] {
    return this.#records(this.#lines.push(chunk));
  }

  end(): BulkRecord[] {
    return this.#records(this.#lines.end());
  }

  #records(lines: readonly TextLine[]): BulkRecord[] {
    const records: BulkRecord[] = [];
    for (const { number, bytes } of lines) {
      if (bytes === null) records.push(this.#tooLarge(number));
      else if (bytes.length > 0) records.push(this.#record(number, bytes));
    }
    return records;
  }

  #record(line: number, bytes: Uint8Array): BulkRecord {
    const value = parse(bytes);
    if (value === null) return fault(line, 'the line is no JSON object');
    if (typeof value.payload !== 'string') {
      if (!NOTICES.some((name) => Object.hasOwn(value, name)))
        return fault(line, 'the line needs the field "payload", a string in base64');
      const notice = toNotice(value);
      return notice === null
        ? fault(line, 'the line is no item')
        : { kind: 'notice', line, notice };
    }
    for (const name of Object.keys(value)) {
      if (KNOWN.has(name)) continue;
      const shown = JSON.stringify(name).slice(0, 60);
      return fault(line, `the field ${shown} is not known; known: hint, id, payload`);
    }
    return this.#item(line, { ...value, payload: value.payload });
  }

  #item(line: number, { hint, id, payload }: WrittenItem): BulkRecord {
    const bytes = fromBase64(payload);
    if (bytes === null) return fault(line, 'the field "payload" is no base64');
    if (bytes.length > this.#maxItemBytes) return this.#tooLarge(line);
    const place = hint === undefined ? null : readHint(hint);
    if (place === undefined) {
      const most = INFINITE_HINT - 1n;
      return fault(
        line,
        `the field "hint" must be a whole number from 0 to ${most}, as a string above 2^53`,
      );
    }
    if (id === undefined) return { kind: 'item', line, hint: place, id: null, payload: bytes };
    if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id) || place === null)
      return fault(line, 'the field "id" has 64 hexadecimal digits, and needs "hint" beside it');
    return { kind: 'item', line, hint: place, id: hexToBytes(id), payload: bytes };
  }

  #tooLarge(line: number): BulkRecord {
    const message = `the item is longer than ${this.#maxItemBytes} bytes: split it, or raise limits.maxItemBytes on all nodes`;
    return { kind: 'fault', line, code: 'ITEM_TOO_LARGE', message };
  }
}

interface WrittenItem {
  readonly hint?: unknown;
  readonly id?: unknown;
  readonly payload: string;
}

function fault(line: number, message: string): BulkRecord {
  return { kind: 'fault', line, code: 'INVALID_RECORD', message };
}

function parse(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function readHint(hint: unknown): bigint | undefined {
  if (typeof hint === 'number' && Number.isSafeInteger(hint) && hint >= 0) return BigInt(hint);
  if (typeof hint !== 'string' || !/^\d{1,20}$/.test(hint)) return undefined;
  const value = BigInt(hint);
  return value < INFINITE_HINT ? value : undefined;
}

/** Null if it is none. Node's own decoder passes over what is wrong. */
function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64');
}
