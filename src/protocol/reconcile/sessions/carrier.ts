import type { Clock } from '../../../store/index.ts';
import { within } from '../../deadline.ts';
import { ProtocolError, SessionStop } from '../../errors.ts';
import type { SessionChannel } from '../../network/index.ts';
import type { Session, Step } from '../dialect.ts';

export interface CarrierInit {
  /** With `end`, the channel stays open after a good end; without it both sides close it. */
  channel: SessionChannel & { end?(): void };
  clock: Clock;
  /** Milliseconds for one frame to come or go. */
  frameTimeoutMs: number;
  events: CarrierEvents;
  /**
   * Bytes read from a peer that does not stop, after the session has ended. Lowering it may reset
   * fast, long links before the peer has read why.
   * @default 4 MiB
   */
  partingBytes?: number;
}

export interface CarrierEvents {
  missing(ids: readonly Uint8Array[]): void;
  /** The session has digested a frame of the peer. */
  digested(): void;
}

/** Time for the peer to read why the session ends. A shorter one resets the stream under slow peers. */
const PARTING_MS = 2_000;
const DEFAULT_PARTING_BYTES = 4 * 1024 * 1024;

/**
 * Carries a session over a channel until the session is done. It reads while it sends: otherwise two
 * sides with full pipes would wait for each other. The event loop gets its turn between two slices of
 * the session's work.
 */
export class Carrier {
  readonly #init: CarrierInit;
  #sending: Promise<void> | null = null;
  #receiving: Promise<Uint8Array | null> | null = null;

  constructor(init: CarrierInit) {
    this.#init = init;
  }

  /** The peer's first frame. */
  async first(): Promise<Uint8Array> {
    const frame = await this.#timed('the next frame', () => this.#receive());
    if (frame === null) throw ended();
    return frame;
  }

  /**
   * `first`: the frame that `first()` gave. Afterwards the channel is closed, or free for the next
   * session. Rejects when the session or the channel fails.
   */
  async carry(session: Session, first: Uint8Array | undefined): Promise<void> {
    const { channel } = this.#init;
    try {
      await this.#exchange(session, first);
      if (channel.end === undefined) await this.#close();
      else channel.end();
    } catch (error) {
      if (error instanceof SessionStop && error.parting !== null) await this.#part(error.parting);
      throw error;
    }
  }

  async #exchange(session: Session, first: Uint8Array | undefined): Promise<void> {
    let step = session.start();
    this.#apply(step);
    let next = first;
    while (!step.done) {
      const going = step.pending === 'work' || (step.pending === 'output' && !this.#sending);
      if (going) {
        if (step.pending === 'work') await this.#yield();
        step = session.proceed!(this.#sending === null);
      } else {
        const frame: Uint8Array | 'sent' | 'ended' = next ?? (await this.#event());
        next = undefined;
        if (frame === 'sent') continue;
        if (frame === 'ended') {
          if (step.mayEnd !== true) throw ended();
          break;
        }
        step = session.receive(frame);
        this.#init.events.digested();
      }
      this.#apply(step);
    }
    await this.#sending;
  }

  #apply({ missing, frames }: Step): void {
    if (missing.length > 0) this.#init.events.missing(missing);
    if (frames.length === 0) return;
    const sending = this.#send(this.#sending, frames).then(() => {
      if (this.#sending === sending) this.#sending = null;
    });
    sending.catch(() => {});
    this.#sending = sending;
  }

  async #send(before: Promise<void> | null, frames: readonly Uint8Array[]): Promise<void> {
    await before;
    for (const frame of frames) {
      await this.#timed('taking a frame', () => this.#init.channel.send(frame));
    }
  }

  /** The next frame, the end of the peer's side, or that our frames have been taken. */
  async #event(): Promise<Uint8Array | 'sent' | 'ended'> {
    if (this.#sending === null) {
      return (await this.#timed('the next frame', () => this.#receive())) ?? 'ended';
    }
    const sent = this.#sending.then(() => 'sent' as const);
    const first = await Promise.race([this.#awaited(), sent]);
    return first === 'sent' ? first : ((await this.#receive()) ?? 'ended');
  }

  /** The next frame; null once the peer has closed. */
  async #receive(): Promise<Uint8Array | null> {
    const frame = await this.#awaited();
    this.#receiving = null;
    return frame;
  }

  /** The frame that is read already, or being read. It stays until `#receive` takes it. */
  #awaited(): Promise<Uint8Array | null> {
    if (this.#receiving === null) {
      this.#receiving = this.#init.channel.receive();
      this.#receiving.catch(() => {});
    }
    return this.#receiving;
  }

  /** Closes our side and waits for the peer to close its own: then both know of the end. */
  async #close(): Promise<void> {
    const { channel } = this.#init;
    await this.#timed('closing the stream', () => channel.close());
    const extra = await this.#timed('the end of the stream', () => this.#receive());
    if (extra === null) return;
    throw new ProtocolError('UNEXPECTED_FRAME', 'the peer sent a frame after the end');
  }

  #yield(): Promise<void> {
    return new Promise((resolve) => {
      this.#init.clock.after(0, resolve);
    });
  }

  #timed<T>(what: string, operation: () => Promise<T>): Promise<T> {
    const { channel, clock, frameTimeoutMs: ms } = this.#init;
    return within({ clock, ms, expire: () => channel.abort(timeout(what, ms)) }, operation);
  }

  /** Sends the reason and waits until the peer has read it: an immediate reset might overtake it. */
  async #part(frame: Uint8Array): Promise<void> {
    const { channel, clock, partingBytes = DEFAULT_PARTING_BYTES } = this.#init;
    const expire = (): void => channel.abort(timeout('hearing why the session ends', PARTING_MS));
    try {
      await within({ clock, ms: PARTING_MS, expire }, async () => {
        await this.#sending;
        await channel.send(frame);
        await channel.close();
        const most = channel.receivedBytes + partingBytes;
        while ((await this.#receive()) !== null && channel.receivedBytes < most);
      });
    } catch {
      // The error that ended the session is reported, not this.
    }
  }
}

function ended(): ProtocolError {
  return new ProtocolError('STREAM_CLOSED', 'the peer closed the stream before the end');
}

export function timeout(what: string, ms: number): ProtocolError {
  return new ProtocolError('TIMEOUT', `${what} took longer than ${ms} ms`);
}
