import type { Clock, Snapshot } from '../../store/index.ts';
import { within } from '../deadline.ts';
import { ProtocolError } from '../errors.ts';
import type { Release } from '../limiter.ts';
import type { Channel } from '../network/index.ts';
import type { Dialect, Role, Session, Step } from './dialect.ts';
import type { SessionReport } from './report.ts';
import type { ReconcileOptions } from './service-options.ts';

/** The set a session works on, and the `Replica.version` it was taken at. */
export interface HeldSnapshot {
  readonly snapshot: Snapshot;
  readonly version: number;
}

export interface SessionRunInit {
  channel: Channel;
  dialect: Dialect;
  role: Role;
  clock: Clock;
  options: ReconcileOptions;
  snapshot: () => HeldSnapshot;
  missing: (ids: readonly Uint8Array[]) => void;
  /** The first exchange showed that the sets differ. */
  differs: () => void;
  /** Room for a session somebody else starts; awaited once its first frame is here. */
  admit: (signal: AbortSignal) => Promise<Release>;
}

/** Carries one session over one channel, from the first frame to the close of both sides. */
export class SessionRun {
  readonly #init: SessionRunInit;
  readonly #startedAt: number;
  readonly #begin: number;
  readonly #expired = new AbortController();
  #rounds = 0;
  #missing = 0;
  #equal = false;
  #version = 0;
  #error: SessionReport['error'] = null;

  constructor(init: SessionRunInit) {
    this.#init = init;
    this.#startedAt = init.clock.now();
    this.#begin = init.clock.monotonic();
  }

  /** Never rejects; afterwards the channel is closed or aborted, the snapshot released. */
  async run(): Promise<SessionReport> {
    const { channel, clock, options } = this.#init;
    const expire = (): void => {
      const error = timeout('the session', options.sessionTimeoutMs);
      this.#expired.abort(error);
      channel.abort(error);
    };
    try {
      await within({ clock, ms: options.sessionTimeoutMs, expire }, () => this.#hold());
    } catch (error) {
      this.#fail(error);
    }
    return this.#report();
  }

  /** A responder takes a snapshot only when there is a first frame to answer. */
  async #hold(): Promise<void> {
    if (this.#init.role === 'initiator') return this.#reconcile(undefined);
    const first = await this.#receive();
    const release = await this.#init.admit(this.#expired.signal);
    try {
      await this.#reconcile(first);
    } finally {
      release();
    }
  }

  async #reconcile(first: Uint8Array | undefined): Promise<void> {
    const { dialect, role, options } = this.#init;
    const { snapshot, version } = this.#init.snapshot();
    this.#version = version;
    try {
      const session = dialect.session({ role, snapshot, limits: options.limits });
      await this.#exchange(session, first);
      await this.#part();
      this.#equal = session.equal;
    } finally {
      snapshot.release();
    }
  }

  async #exchange(session: Session, first: Uint8Array | undefined): Promise<void> {
    let step = session.start();
    await this.#apply(step);
    let next = first;
    while (!step.done) {
      step = session.receive(next ?? (await this.#receive()));
      next = undefined;
      if (this.#rounds === 1 && !session.equal) this.#init.differs();
      await this.#apply(step);
    }
  }

  async #apply(step: Step): Promise<void> {
    if (step.missing.length > 0) {
      this.#missing += step.missing.length;
      this.#init.missing(step.missing);
    }
    for (const frame of step.frames) {
      await this.#timed('taking a frame', () => this.#init.channel.send(frame));
    }
  }

  async #receive(): Promise<Uint8Array> {
    const frame = await this.#timed('the next frame', () => this.#init.channel.receive());
    if (frame === null) {
      throw new ProtocolError('STREAM_CLOSED', 'the peer closed the stream before the end');
    }
    this.#rounds++;
    return frame;
  }

  /** Closes our side and sees the peer close its own, so that both know of the end. */
  async #part(): Promise<void> {
    const { channel } = this.#init;
    await this.#timed('closing the stream', () => channel.close());
    const extra = await this.#timed('the end of the stream', () => channel.receive());
    if (extra === null) return;
    throw new ProtocolError('UNEXPECTED_FRAME', 'the peer sent a frame after the end');
  }

  async #timed<T>(what: string, operation: () => Promise<T>): Promise<T> {
    const { channel, clock, options } = this.#init;
    const expire = (): void => channel.abort(timeout(what, options.frameTimeoutMs));
    return within({ clock, ms: options.frameTimeoutMs, expire }, operation);
  }

  #fail(error: unknown): void {
    const { code, message } = describe(error);
    this.#error = { code, message };
    const reason = error instanceof ProtocolError ? error : new ProtocolError('ABORTED', message);
    this.#init.channel.abort(reason);
  }

  #report(): SessionReport {
    const { channel, role, dialect, clock } = this.#init;
    return {
      peer: channel.peer,
      role,
      dialect: dialect.name,
      startedAt: this.#startedAt,
      durationMs: clock.monotonic() - this.#begin,
      rounds: this.#rounds,
      bytesSent: channel.sentBytes,
      bytesReceived: channel.receivedBytes,
      missing: this.#missing,
      equal: this.#equal,
      version: this.#version,
      error: this.#error,
    };
  }
}

/** An error as a report shows it: its own code, or `INTERNAL` when it is not one of ours. */
export function describe(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
  return { code, message };
}

function timeout(what: string, ms: number): ProtocolError {
  return new ProtocolError('TIMEOUT', `${what} took longer than ${ms} ms`);
}
