import type { Clock } from '../../store/index.ts';
import { within } from '../deadline.ts';
import { ProtocolError } from '../errors.ts';

/** One frame at a time, in both directions. */
export interface FrameChannel {
  /** Resolves once another frame may be sent. */
  send(frame: Uint8Array): Promise<void>;
  /** The next frame; null once the peer has closed its side. One call at a time. */
  receive(): Promise<Uint8Array | null>;
  abort(error: ProtocolError): void;
}

export interface FramePumpInit {
  readonly channel: FrameChannel;
  readonly clock: Clock;
  /** Milliseconds for a frame to come, or to be taken; then the channel is aborted. */
  readonly frameTimeoutMs: number;
}

/** Time for the peer to read why the session ends. A shorter one resets the stream under slow peers. */
const PARTING_MS = 2_000;

/**
 * The frames of one session. It reads while it sends: otherwise two sides with full pipes would wait for
 * each other.
 */
export class FramePump {
  readonly #init: FramePumpInit;
  #sending: Promise<void> | null = null;
  #receiving: Promise<Uint8Array | null> | null = null;

  constructor(init: FramePumpInit) {
    this.#init = init;
  }

  /** All frames so far were taken. */
  get idle(): boolean {
    return this.#sending === null;
  }

  /** Sends frames behind those before them; errors are told by `event` and `sent`. */
  send(frames: readonly Uint8Array[]): void {
    if (frames.length === 0) return;
    const sending = this.#sendAfter(this.#sending, frames).then(() => {
      if (this.#sending === sending) this.#sending = null;
    });
    sending.catch(() => {});
    this.#sending = sending;
  }

  /** Resolves once all frames so far were taken. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  /** The next frame, the end of the peer's side, or that our frames have been taken. */
  async event(): Promise<Uint8Array | 'sent' | null> {
    if (this.#sending === null) return this.next();
    const sent = this.#sending.then(() => 'sent' as const);
    const first = await Promise.race([this.#awaited(), sent]);
    return first === 'sent' ? first : this.receive();
  }

  /** `receive` within the time for a frame. */
  next(): Promise<Uint8Array | null> {
    return this.timed('the next frame', () => this.receive());
  }

  /** The next frame; null once the peer has closed. */
  async receive(): Promise<Uint8Array | null> {
    const frame = await this.#awaited();
    this.#receiving = null;
    return frame;
  }

  /** Runs an operation on the channel, which is aborted when it takes longer than `ms`. */
  timed<T>(
    operation: string,
    run: () => Promise<T>,
    ms: number = this.#init.frameTimeoutMs,
  ): Promise<T> {
    const { channel, clock } = this.#init;
    return within({ clock, ms, expire: () => channel.abort(timeout(operation, ms)) }, run);
  }

  /**
   * Runs `explain`, which tells the peer why the session ends, behind the frames so far. The error that ended
   * the session is told, not an error of the parting.
   */
  async part(explain: () => Promise<void>): Promise<void> {
    const parting = () => this.sent().then(explain);
    await this.timed('hearing why the session ends', parting, PARTING_MS).catch(() => {});
  }

  async #sendAfter(before: Promise<void> | null, frames: readonly Uint8Array[]): Promise<void> {
    await before;
    for (const frame of frames) {
      await this.timed('taking a frame', () => this.#init.channel.send(frame));
    }
  }

  /** The frame that is read already, or being read. It stays until `receive` takes it. */
  #awaited(): Promise<Uint8Array | null> {
    if (this.#receiving === null) {
      this.#receiving = this.#init.channel.receive();
      this.#receiving.catch(() => {});
    }
    return this.#receiving;
  }
}

/** The error for something that took too long. */
export function timeout(operation: string, ms: number): ProtocolError {
  return new ProtocolError('TIMEOUT', `${operation} took longer than ${ms} ms`);
}

/** The peer closed before the session was done. */
export const ENDED: ProtocolError = new ProtocolError(
  'STREAM_CLOSED',
  'the peer closed the stream before the end',
);
