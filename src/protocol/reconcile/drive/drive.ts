import { type Bytes, type Clock, delay, systemClock } from '../../../store/index.ts';
import { messageOf, ProtocolError, SessionStop } from '../../errors.ts';
import type { Finding, Session, Step } from '../dialect.ts';
import { ENDED, FramePump } from '../frame-pump.ts';
import { DEFAULT_RECONCILE_OPTIONS, DEFAULT_SESSION_LIMITS } from '../options.ts';
import { checkProved } from '../report.ts';
import type { FrameLink } from './frame-link.ts';
import { MessageLink, portMessages, socketMessages } from './message-link.ts';
import type { DrivePort } from './ports.ts';
import { StreamLink } from './stream-link.ts';

/** Ids that a session has learnt since it last told some. */
export interface Found {
  /** Ids that the peer holds and we lack. */
  readonly missing: readonly Bytes[];
  /** Ids that we hold and the peer lacks; none where the dialect or role learns none. */
  readonly have: readonly Bytes[];
}

/** The result of a session. */
export interface DriveResult extends Found {
  /** Both whole sets were found equal. */
  readonly equal: boolean;
  /** The result in dialects that prove it; null in others. `continueFrom` says that the rest is to come. */
  readonly finding: Finding | null;
}

/** Options of `drive`. */
export interface DriveInit {
  /**
   * Takes ids as they are learnt; the session waits until it has settled.
   * @default the result holds all of them
   */
  take?: (found: Found) => void | Promise<void>;
  /**
   * Ends the session with `ABORTED`, for example after a time.
   * @default never
   */
  signal?: AbortSignal;
  /**
   * Milliseconds for a frame to come, or to be taken; then the session ends with `TIMEOUT`.
   * @default 10_000
   */
  frameTimeoutMs?: number;
  /**
   * Longest frame accepted, in bytes. Four of them may wait.
   * @default 8 MiB
   */
  maxFrameBytes?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/**
 * Runs a session over a port to its end, with back-pressure, and closes the port. The other side runs
 * `drive` too, with the other role. The event loop gets its turn between two slices of work. Rejects with
 * `ProtocolError`, or what `take` throws: `SAME_ROLE` where both sides have one role, `UNPROVED` where the
 * differences do not explain the set of the peer. The caller releases the snapshot.
 */
export async function drive(
  session: Session,
  port: DrivePort,
  init: DriveInit = {},
): Promise<DriveResult> {
  checkSession(session);
  const { maxFrameBytes = DEFAULT_SESSION_LIMITS.maxInboundBytes, signal } = init;
  const link = linkOver(port, { role: session.role, maxFrameBytes });
  const abort = (): void =>
    link.abort(new ProtocolError('ABORTED', `the session was ended: ${messageOf(signal?.reason)}`));
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await new Driving(session, link, init).run();
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function checkSession(session: Session): void {
  if (typeof session?.start === 'function' && typeof session.receive === 'function') return;
  const message = 'drive takes a session: give it dialect.session({ role, snapshot })';
  throw new ProtocolError('INVALID_SESSION', message);
}

function linkOver(
  port: DrivePort,
  init: { role: Session['role']; maxFrameBytes: number },
): FrameLink {
  if (typeof port === 'object' && port !== null) {
    if ('postMessage' in port) return new MessageLink(portMessages(port), init);
    if ('readyState' in port && 'send' in port) return new MessageLink(socketMessages(port), init);
    if ('readable' in port && typeof port.readable?.getReader === 'function') {
      return new StreamLink(port, init);
    }
  }
  throw new ProtocolError(
    'INVALID_PORT',
    'a session runs over a MessagePort, a WebSocket or a pair of web streams; Duplex.toWeb makes these of a socket of Node',
  );
}

class Driving {
  readonly #session: Session;
  readonly #link: FrameLink;
  readonly #clock: Clock;
  readonly #pump: FramePump;
  readonly #take: NonNullable<DriveInit['take']>;
  readonly #missing: Bytes[] = [];
  readonly #have: Bytes[] = [];

  constructor(session: Session, link: FrameLink, init: DriveInit) {
    const { clock = systemClock, frameTimeoutMs = DEFAULT_RECONCILE_OPTIONS.frameTimeoutMs } = init;
    this.#session = session;
    this.#link = link;
    this.#clock = clock;
    this.#pump = new FramePump({ channel: link, clock, frameTimeoutMs });
    this.#take = init.take ?? ((found) => this.#collect(found));
  }

  async run(): Promise<DriveResult> {
    try {
      await this.#exchange();
      await this.#end();
    } catch (error) {
      if (error instanceof SessionStop && error.parting !== null) await this.#part(error.parting);
      this.#link.abort(
        error instanceof ProtocolError ? error : new ProtocolError('ABORTED', messageOf(error)),
      );
      throw error;
    }
    const { equal, finding = null } = this.#session;
    if (finding !== null) checkProved(finding);
    return { equal, finding, missing: this.#missing, have: this.#have };
  }

  async #exchange(): Promise<void> {
    const [session, pump] = [this.#session, this.#pump];
    let step = session.start();
    await this.#apply(step);
    while (!step.done) {
      if (step.pending === 'work' || (step.pending === 'output' && pump.idle)) {
        if (step.pending === 'work') await delay(this.#clock, 0);
        step = session.proceed!(pump.idle);
      } else {
        const frame = await pump.event();
        if (frame === 'sent') continue;
        if (frame === null && step.mayEnd === true) break;
        if (frame === null) throw ENDED;
        step = session.receive(frame);
      }
      await this.#apply(step);
    }
    await pump.sent();
  }

  async #apply({ frames, missing, have = [] }: Step): Promise<void> {
    this.#pump.send(frames);
    if (missing.length + have.length > 0) await this.#take({ missing, have });
  }

  #collect({ missing, have }: Found): void {
    for (const id of missing) this.#missing.push(id);
    for (const id of have) this.#have.push(id);
  }

  /** Closes our side and waits for the peer to close its own: then both know of the end. */
  async #end(): Promise<void> {
    await this.#pump.timed('closing the port', () => this.#link.end());
    if ((await this.#pump.timed('the end of the peer', () => this.#pump.receive())) !== null) {
      throw new ProtocolError('UNEXPECTED_FRAME', 'the peer sent a frame after the end');
    }
    this.#link.close();
  }

  #part(frame: Bytes): Promise<void> {
    return this.#pump.part(async () => {
      await this.#link.send(frame);
      await this.#link.end();
      while ((await this.#pump.receive()) !== null);
    });
  }
}
