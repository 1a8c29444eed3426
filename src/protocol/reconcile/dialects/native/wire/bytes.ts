import { type Bound, compareBounds, ID_BYTES, INFINITE_HINT } from '../../../../../store/index.ts';
import { ByteReader } from '../../../../byte-reader.ts';
import { malformedAs, type ProtocolError } from '../../../../errors.ts';
import { MAX_VARINT_BYTES, writeVarint } from '../../../../varint.ts';

export const malformed: (problem: string) => ProtocolError = malformedAs(
  'not a frame of the native dialect',
);

const MAX_COUNT = BigInt(Number.MAX_SAFE_INTEGER);

/** Reads the parts of records; every method throws `MALFORMED_FRAME` at the end of the frame. */
export class FrameReader extends ByteReader {
  constructor(bytes: Uint8Array) {
    super({ bytes, malformed, truncated: 'it ends in the middle of a record' });
  }

  /** A canonical LEB128 number up to 2^53-1. */
  count(): number {
    const value = this.varint();
    if (value > MAX_COUNT) throw malformed(`${value} is no count: they end at 2^53-1`);
    return Number(value);
  }

  /** A count of things of `size` bytes, which must all be in this frame. */
  countOf(size: number): number {
    const count = this.count();
    if (count * size > this.remaining) {
      throw malformed(`${count} things are announced, and ${this.remaining} bytes follow`);
    }
    return count;
  }

  /** A copy of a bound above `previous`, relative to which it is written. */
  boundAfter(previous: Bound): Bound {
    const hint = previous.hint + this.varint();
    const length = this.byte();
    if (length > ID_BYTES) throw malformed(`the id of a bound has ${length} bytes`);
    const bound = { hint, id: length === 0 ? null : this.take(length).slice() };
    if (hint > INFINITE_HINT || (hint === INFINITE_HINT && length > 0)) {
      throw malformed('a bound lies past infinity');
    }
    if (compareBounds(previous, bound) >= 0) throw malformed('its bounds do not increase');
    return bound;
  }
}

/** One record in the making. */
export class RecordWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  constructor(tag: number) {
    this.byte(tag);
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  count(value: number): this {
    return this.varint(BigInt(value));
  }

  varint(value: bigint): this {
    this.#reserve(MAX_VARINT_BYTES);
    this.#length = writeVarint(this.#bytes, this.#length, value);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  boundAfter(previous: Bound, bound: Bound): this {
    this.varint(bound.hint - previous.hint).byte(bound.id?.length ?? 0);
    return bound.id === null ? this : this.bytes(bound.id);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
