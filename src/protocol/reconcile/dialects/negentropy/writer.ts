import { type Bound, type Bytes, ID_BYTES, INFINITE_HINT } from '../../../../store/index.ts';
import { MAX_VARINT_BYTES } from '../../../varint.ts';
import { FINGERPRINT_BYTES, VERSION_BYTE } from './constants.ts';
import { writeVarint } from './varint.ts';

/** A point to rewind a message to. */
export interface RewindPoint {
  readonly length: number;
  readonly hint: bigint;
}

const FIRST_CAPACITY = 1024;
const MAX_BOUND_BYTES = MAX_VARINT_BYTES + 1 + ID_BYTES;
const MAX_HEAD_BYTES = MAX_BOUND_BYTES + 1;

/** A message in the making, from zero towards infinity. */
export class MessageWriter {
  readonly #maxBytes: number;
  #bytes: Bytes;
  #length = 0;
  /** Hint of the last bound, which the next one is told as a difference to. */
  #hint = 0n;

  /** @param maxBytes Length that the caller keeps below; no more memory is taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#bytes = new Uint8Array(FIRST_CAPACITY);
    this.#bytes[this.#length++] = VERSION_BYTE;
  }

  get length(): number {
    return this.#length;
  }

  mark(): RewindPoint {
    return { length: this.#length, hint: this.#hint };
  }

  rewind(mark: RewindPoint): void {
    this.#length = mark.length;
    this.#hint = mark.hint;
  }

  skip(upper: Bound): void {
    this.#head(upper, 0, 0);
  }

  /** @param fingerprint 16 bytes. */
  fingerprint(upper: Bound, fingerprint: Uint8Array): void {
    this.#head(upper, 1, FINGERPRINT_BYTES);
    this.#append(fingerprint);
  }

  /** A list of `count` ids, which `pieces` give one after the other. */
  list(upper: Bound, count: number, pieces: Iterable<Uint8Array>): void {
    this.#head(upper, 2, MAX_VARINT_BYTES + count * ID_BYTES);
    this.#varint(BigInt(count));
    for (const piece of pieces) this.#append(piece);
  }

  /** The message; the writer must not be used any further. */
  encode(): Bytes {
    const tight = this.#length > this.#bytes.length / 2;
    return tight ? this.#bytes.subarray(0, this.#length) : this.#bytes.slice(0, this.#length);
  }

  #head(upper: Bound, mode: number, contentBytes: number): void {
    this.#reserve(MAX_HEAD_BYTES + contentBytes);
    const { hint, id } = upper;
    this.#varint(hint === INFINITE_HINT ? 0n : hint - this.#hint + 1n);
    this.#hint = hint;
    this.#bytes[this.#length++] = id === null ? 0 : id.length;
    if (id !== null) this.#append(id);
    this.#bytes[this.#length++] = mode;
  }

  #varint(value: bigint): void {
    this.#length = writeVarint(this.#bytes, this.#length, value);
  }

  #append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(bytes: number): void {
    const least = this.#length + bytes;
    if (least <= this.#bytes.length) return;
    const grown = Math.max(least, 2 * this.#bytes.length);
    const nearlyAll = grown > this.#maxBytes / 2;
    const larger = new Uint8Array(nearlyAll ? Math.max(least, this.#maxBytes) : grown);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
