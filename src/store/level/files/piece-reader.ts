import type { ReadableFile } from './port.ts';

/** Bytes read at once: blocks have 4 KiB, and a read for each of them would cost more than its checksum. */
const PIECE_BYTES = 256 * 1024;

/** Reads a file from its beginning to its end, a piece at a time. */
export class PieceReader {
  readonly file: ReadableFile;
  #piece: Uint8Array = new Uint8Array(0);
  #start = 0;
  /** Bytes read since they were last asked for. */
  #read = 0;

  constructor(file: ReadableFile) {
    this.file = file;
  }

  /** All of these bytes, if they are in the piece that was read last; else null. */
  held(offset: number, length: number): Uint8Array | null {
    const within = offset - this.#start;
    if (within < 0 || within + length > this.#piece.length) return null;
    return this.#piece.subarray(within, within + length);
  }

  /** Reads the piece that begins at `offset`. */
  async load(offset: number): Promise<void> {
    this.#piece = await this.file.read(offset, PIECE_BYTES);
    this.#start = offset;
    this.#read += this.#piece.length;
  }

  /** At least one of the bytes from `offset` on, at most `length`; none behind the end of the file. */
  async some(offset: number, length: number): Promise<Uint8Array> {
    const within = offset - this.#start;
    if (within < 0 || within >= this.#piece.length) {
      await this.load(offset);
      return this.#piece.subarray(0, length);
    }
    return this.#piece.subarray(within, within + length);
  }

  /** All of these bytes; fewer where the file ends. */
  async all(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.file.bytes - offset)));
    for (let at = 0; at < bytes.length; ) {
      const part = await this.some(offset + at, bytes.length - at);
      if (part.length === 0) return bytes.subarray(0, at);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** Bytes read since this was asked last. */
  takeRead(): number {
    const read = this.#read;
    this.#read = 0;
    return read;
  }
}
