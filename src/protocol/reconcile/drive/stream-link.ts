import { bytesToKey, keyToBytes } from '../../../store/index.ts';
import { malformed, messageOf, ProtocolError } from '../../errors.ts';
import { encodeFrames, FrameBuffer } from '../../network/index.ts';
import type { Role } from '../dialect.ts';
import { checkGreeting, type FrameLink } from './frame-link.ts';
import type { MessageLinkInit } from './message-link.ts';
import type { StreamPair } from './ports.ts';

/** The longest role. */
const GREETING_BYTES = 9;

/** Frames behind their lengths, as in docs/protocol-streams.md; the first one is the role. */
export class StreamLink implements FrameLink {
  readonly #role: Role;
  readonly #reader: ReturnType<StreamPair['readable']['getReader']>;
  readonly #writer: ReturnType<StreamPair['writable']['getWriter']>;
  readonly #buffer: FrameBuffer;
  #greeted = false;
  #error: ProtocolError | null = null;

  constructor({ readable, writable }: StreamPair, { role, maxFrameBytes }: MessageLinkInit) {
    this.#role = role;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#buffer = new FrameBuffer(Math.max(maxFrameBytes, GREETING_BYTES));
    this.send(keyToBytes(role)).catch(() => {});
  }

  async send(frame: Uint8Array): Promise<void> {
    await this.#guarded(() => this.#writer.write(encodeFrames([frame])));
  }

  async receive(): Promise<Uint8Array | null> {
    const frame = await this.#next();
    if (frame === null || this.#greeted) return frame;
    checkGreeting(this.#role, frame.length > GREETING_BYTES ? frame : bytesToKey(frame));
    this.#greeted = true;
    return this.#next();
  }

  async end(): Promise<void> {
    await this.#guarded(() => this.#writer.close());
  }

  close(): void {}

  abort(error: ProtocolError): void {
    if (this.#error !== null) return;
    this.#error = error;
    this.#reader.cancel(error).catch(() => {});
    this.#writer.abort(error).catch(() => {});
  }

  async #next(): Promise<Uint8Array | null> {
    for (;;) {
      const frame = this.#buffer.take();
      if (frame !== undefined) return frame;
      const { done, value } = await this.#guarded(() => this.#reader.read());
      if (done && this.#buffer.size > 0) throw malformed('the stream ends within a frame');
      if (done) return null;
      if (!(value instanceof Uint8Array)) throw malformed('a chunk of the stream is no bytes');
      this.#buffer.push(value);
    }
  }

  /** Errors of the streams become those of the protocol; ours comes first. */
  async #guarded<T>(operation: () => Promise<T>): Promise<T> {
    try {
      const result = await operation();
      if (this.#error !== null) throw this.#error;
      return result;
    } catch (error) {
      if (this.#error !== null) throw this.#error;
      throw new ProtocolError('STREAM_FAILED', `the stream broke: ${messageOf(error)}`);
    }
  }
}
