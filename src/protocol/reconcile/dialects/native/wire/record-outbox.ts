import { encodeRecord } from './codec.ts';
import type { NativeRecord } from './records.ts';

/** Frames held back so that they fill up, while there is still something to add. */
const WORTH_SENDING_BYTES = 4_096;

/** Gathers records into frames. */
export class RecordOutbox {
  #maxFrameBytes: number;
  #records: Uint8Array[] = [];
  #bytes = 0;
  readonly #frames: Uint8Array[] = [];

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** What the peer accepts, once that is known. */
  limit(maxFrameBytes: number): void {
    this.#maxFrameBytes = Math.min(this.#maxFrameBytes, maxFrameBytes);
  }

  /** Bytes that a record may still add to the frame in the making. */
  get room(): number {
    return this.#maxFrameBytes - this.#bytes;
  }

  get maxFrameBytes(): number {
    return this.#maxFrameBytes;
  }

  /** A whole frame waits to be sent: nothing more is produced until it has been. */
  get full(): boolean {
    return this.#frames.length > 0;
  }

  get empty(): boolean {
    return this.#frames.length === 0 && this.#bytes === 0;
  }

  /** Adds a record that is no longer than a frame. */
  push(record: NativeRecord): void {
    const bytes = encodeRecord(record);
    if (bytes.length > this.#maxFrameBytes) throw new RangeError('a record is longer than a frame');
    if (bytes.length > this.room) this.#seal();
    this.#records.push(bytes.slice());
    this.#bytes += bytes.length;
  }

  /** The next frame, or undefined; one that is not full yet only when it is worth it, or `last`. */
  take(last: boolean): Uint8Array | undefined {
    if (this.#frames.length === 0 && (last || this.#bytes >= WORTH_SENDING_BYTES)) this.#seal();
    return this.#frames.shift();
  }

  #seal(): void {
    if (this.#bytes === 0) return;
    const frame = new Uint8Array(this.#bytes);
    let at = 0;
    for (const record of this.#records) {
      frame.set(record, at);
      at += record.length;
    }
    this.#frames.push(frame);
    this.#records = [];
    this.#bytes = 0;
  }
}
