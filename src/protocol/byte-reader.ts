import { readU64BE } from '../store/index.ts';
import type { ProtocolError } from './errors.ts';
import { MAX_COUNT_BYTES, readVarint } from './varint.ts';

const NUMBER_LIMIT = 128n ** BigInt(MAX_COUNT_BYTES);

export interface ByteReaderInit {
  readonly bytes: Uint8Array;
  readonly malformed: (problem: string) => ProtocolError;
  /** The problem when the bytes end too early. */
  readonly truncated: string;
  /** @default LEB128 */
  readonly readVarint?: typeof readVarint;
}

/** Reads the parts of a frame from its front; every method throws `malformed` at the end of the bytes. */
export class ByteReader {
  readonly #init: ByteReaderInit;
  #at = 0;
  readonly #next = (): number => this.byte();

  constructor(init: ByteReaderInit) {
    this.#init = init;
  }

  get remaining(): number {
    return this.#init.bytes.length - this.#at;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#at;
  }

  byte(): number {
    const byte = this.#init.bytes[this.#at];
    if (byte === undefined) throw this.#init.malformed(this.#init.truncated);
    this.#at++;
    return byte;
  }

  /** A view of the next `length` bytes. */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw this.#init.malformed(this.#init.truncated);
    this.#at += length;
    return this.#init.bytes.subarray(this.#at - length, this.#at);
  }

  varint(): bigint {
    const value = (this.#init.readVarint ?? readVarint)(this.#next);
    if (typeof value === 'string') throw this.#init.malformed(value);
    return value;
  }

  /** A LEB128 number of at most `MAX_COUNT_BYTES`. */
  number(): number {
    const short = this.#shortNumber();
    if (short !== null) return short;
    const value = this.varint();
    if (value < NUMBER_LIMIT) return Number(value);
    throw this.#init.malformed(`a number has more than ${MAX_COUNT_BYTES} bytes`);
  }

  /** One or two bytes, which most numbers are: a bigint would be an object of its own. Else null. */
  #shortNumber(): number | null {
    const { bytes, readVarint: other } = this.#init;
    const low = bytes[this.#at] ?? 0x80;
    const high = bytes[this.#at + 1] ?? 0x80;
    if (other !== undefined || (low >= 0x80 && (high >= 0x80 || high === 0))) return null;
    this.#at += low < 0x80 ? 1 : 2;
    return low < 0x80 ? low : (low & 0x7f) + 0x80 * high;
  }

  /** 8 bytes, big-endian. */
  u64(): bigint {
    return readU64BE(this.take(8), 0);
  }
}
