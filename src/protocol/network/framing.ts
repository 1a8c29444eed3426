import { type Bytes, invariant } from '../../store/index.ts';
import { malformed, ProtocolError } from '../errors.ts';
import { countBytes, MAX_COUNT_BYTES, writeCount } from '../varint.ts';

/** Each frame behind its length as an unsigned LEB128 varint; a fresh array. */
export function encodeFrames(frames: readonly Uint8Array[]): Bytes {
  const total = frames.reduce((sum, { length }) => sum + countBytes(length) + length, 0);
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const frame of frames) {
    at = writeCount(bytes, at, frame.length);
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

const KEPT_CAPACITY = 64 * 1024;

interface Span {
  readonly begin: number;
  readonly end: number;
}

/**
 * Bytes on their way to becoming frames. Chunks are copied together as they arrive: neither an
 * unproved length nor many tiny chunks make it hold more than about four times the bytes that came.
 */
export class FrameBuffer {
  readonly #maxFrameBytes: number;
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #begunBytes = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Length of the frame that the last take found begun and not whole; 0: there was none. */
  get begunBytes(): number {
    return this.#begunBytes;
  }

  /** Bytes that came and were not taken, with prefixes. */
  get size(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
    invariant(this.#end <= this.#bytes.length, 'session', 'FRAME_BUFFER', this.#end);
  }

  /**
   * The next whole frame, or undefined until more has come. Throws `FRAME_TOO_LARGE` as soon as the
   * length is known, `MALFORMED_FRAME` on a prefix that is no shortest varint.
   */
  take(): Uint8Array | undefined {
    const span = this.#frameAt(this.#start);
    if (span === undefined) return undefined;
    const frame = this.#fills(span)
      ? this.#bytes.subarray(span.begin, span.end)
      : this.#bytes.slice(span.begin, span.end);
    this.#leave(span.end);
    return frame;
  }

  /**
   * All whole frames that make no more than `maxBytes` with their prefixes, as views of one copy. A
   * wrong first frame throws as by `take`; a wrong later frame throws the next time.
   */
  takeReady(maxBytes: number): Uint8Array[] {
    const start = this.#start;
    const spans: Span[] = [];
    let at = start;
    for (let span = this.#frameAt(at); span !== undefined; span = this.#nextAt(at)) {
      if (span.end - start > maxBytes) break;
      spans.push(span);
      at = span.end;
    }
    if (spans.length === 0) return [];
    const bytes = this.#bytes.slice(start, at);
    this.#leave(at);
    return spans.map(({ begin, end }) => bytes.subarray(begin - start, end - start));
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
    this.#begunBytes = 0;
    if (this.#bytes.length > KEPT_CAPACITY) this.#bytes = new Uint8Array(0);
  }

  /** A long frame that has its memory for itself goes with it: a copy would cost as much again. */
  #fills({ begin, end }: Span): boolean {
    const length = end - begin;
    const isLong = length > KEPT_CAPACITY && this.#bytes.length - length <= KEPT_CAPACITY;
    return isLong && end === this.#end;
  }

  #leave(at: number): void {
    this.#start = at;
    if (this.size === 0) this.clear();
  }

  #nextAt(at: number): Span | undefined {
    try {
      return this.#frameAt(at);
    } catch {
      return undefined;
    }
  }

  #frameAt(at: number): Span | undefined {
    let length = 0;
    for (let i = 0; i < MAX_COUNT_BYTES; i++) {
      if (at + i === this.#end) return undefined;
      const byte = this.#bytes[at + i]!;
      length += (byte & 0x7f) * 2 ** (7 * i);
      if (byte >= 0x80) continue;
      if (byte === 0 && i > 0) throw malformed('the length of a frame is not a shortest varint');
      return this.#spanFrom(at + i + 1, length);
    }
    throw malformed(`the length of a frame has more than ${MAX_COUNT_BYTES} bytes`);
  }

  #spanFrom(begin: number, length: number): Span | undefined {
    if (length > this.#maxFrameBytes) {
      throw new ProtocolError(
        'FRAME_TOO_LARGE',
        `the peer sends a frame of ${length} bytes; ${this.#maxFrameBytes} are accepted`,
      );
    }
    const end = begin + length;
    this.#begunBytes = end <= this.#end ? 0 : length;
    return end <= this.#end ? { begin, end } : undefined;
  }

  /** At most half full after a move, so that moves cost a constant a byte over time. */
  #makeRoom(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const needed = this.#neededFor(this.size + bytes);
    const target =
      needed > this.#bytes.length ? new Uint8Array(Math.max(needed, 1024)) : this.#bytes;
    target.set(this.#bytes.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = target;
  }

  /** Twice as much, but no more than the frame that has begun. */
  #neededFor(size: number): number {
    const whole = MAX_COUNT_BYTES + this.#begunBytes;
    return size <= whole ? Math.min(2 * size, whole) : 2 * size;
  }
}
