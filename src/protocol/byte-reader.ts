import type { ProtocolError } from './errors.ts';
import { readVarint } from './varint.ts';

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
}
