import { type Bytes, concatBytes, invariant } from '../../../../../store/index.ts';
import { DIALECT_VERSION, type NativeVersion } from '../constants.ts';
import { encodeRecord } from './codec.ts';
import type { NativeRecord } from './records.ts';

/** Shorter frames are held back as long as records may follow. */
const WORTH_SENDING_BYTES = 4_096;

/** Gathers records into frames. */
export class RecordOutbox {
  maxFrameBytes: number;
  readonly #version: NativeVersion;
  #records: Uint8Array[] = [];
  #bytes = 0;
  readonly #frames: Bytes[] = [];

  constructor(maxFrameBytes: number, version: NativeVersion = DIALECT_VERSION) {
    this.maxFrameBytes = maxFrameBytes;
    this.#version = version;
  }

  /** The peer accepts no longer frames. */
  limit(maxFrameBytes: number): void {
    this.maxFrameBytes = Math.min(this.maxFrameBytes, maxFrameBytes);
  }

  /** Bytes left in the frame in the making. */
  get room(): number {
    return this.maxFrameBytes - this.#bytes;
  }

  /** A whole frame waits: produce no records until it is taken. */
  get full(): boolean {
    return this.#frames.length > 0;
  }

  get empty(): boolean {
    return this.#frames.length === 0 && this.#bytes === 0;
  }

  /** Adds a record that is no longer than a frame. */
  push(record: NativeRecord): void {
    const bytes = encodeRecord(record, this.#version);
    if (bytes.length > this.maxFrameBytes) throw new RangeError('a record is longer than a frame');
    if (bytes.length > this.room) this.#seal();
    this.#records.push(bytes.slice());
    this.#bytes += bytes.length;
    invariant(this.room >= 0, 'session', 'FRAME_ROOM', [this.#bytes, this.maxFrameBytes]);
  }

  /** The next frame, if there is one. With `last` it may be short. */
  take(last: boolean): Bytes | undefined {
    if (this.#frames.length === 0 && (last || this.#bytes >= WORTH_SENDING_BYTES)) this.#seal();
    return this.#frames.shift();
  }

  #seal(): void {
    if (this.#bytes === 0) return;
    this.#frames.push(concatBytes(...this.#records));
    this.#records = [];
    this.#bytes = 0;
  }
}
