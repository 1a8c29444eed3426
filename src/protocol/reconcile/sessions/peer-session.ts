import type { Clock } from '../../../store/index.ts';
import { within } from '../../deadline.ts';
import { ProtocolError } from '../../errors.ts';
import type { Release } from '../../limiter.ts';
import type { SessionChannel } from '../../network/index.ts';
import type { Dialect, Outline, Role } from '../dialect.ts';
import type { ReconcileOptions } from '../options.ts';
import type { SessionReport } from '../report.ts';
import { type PeerStream, SessionSlot } from './peer-stream.ts';
import { describe, type HeldSnapshot, type Outlines, type Scope, SessionRun } from './session.ts';
import type { Slots } from './slots.ts';

/** What a meeting needs of the service that holds it. */
export interface MeetingHost {
  readonly self: string;
  readonly clock: Clock;
  readonly options: ReconcileOptions;
  /** Room for sessions started here, and for those started by peers. */
  readonly calling: Slots;
  readonly serving: Slots;
  snapshot(): HeldSnapshot;
  differs(peer: string): void;
  missing(peer: string, ids: readonly Uint8Array[]): void;
  refuses(peer: string, id: Uint8Array): boolean;
  outlined(peer: string, outlines: Outlines): void;
  judge(peer: string, theirs: Outline): boolean;
  /** The dialect to speak with a peer, or `UNKNOWN_PEER`. */
  dialect(peer: string): Dialect;
  /** A new stream, or the turn on the one that is kept. */
  open(peer: string, dialect: Dialect, signal: AbortSignal): Promise<SessionChannel>;
}

/** A channel for a session that the peer begins, and what is spoken on it. */
export interface Visit {
  readonly channel: SessionChannel;
  readonly dialect: Dialect;
  /** The stream, where it lasts. */
  readonly line?: PeerStream;
}

/** What becomes of a visit while a meeting with the same peer is on. */
export type SessionVerdict =
  /** The meeting is held on it. */
  | 'taken'
  /** Our own stream counts; the peer joins that. */
  | 'refused'
  /** This meeting has been held on another stream: the visit is for the next one. */
  | 'later';

/**
 * One session with one peer, however it comes about. When both sides start at once, the stream
 * opened by the node with the smaller id counts; the other node gives its own up and joins.
 */
export class PeerSession {
  readonly #host: MeetingHost;
  readonly #peer: string;
  readonly #scope: Scope;
  readonly #visited = Promise.withResolvers<Visit>();
  /** Ends everything that is waited for; the reason is a `ProtocolError`. */
  readonly #over = new AbortController();
  /** Calls our own attempt off. */
  readonly #attempt = new AbortController();
  #stage: 'waiting' | 'calling' | 'serving' | 'over' = 'waiting';
  #channel: SessionChannel | undefined;
  #session: SessionRun | undefined;

  constructor(host: MeetingHost, peer: string, scope: Scope = {}) {
    this.#host = host;
    this.#peer = peer;
    this.#scope = scope;
  }

  /** Starts a session with the peer, or joins the one it starts meanwhile. Never rejects. */
  async call(): Promise<SessionReport> {
    const report = await this.#initiate();
    const visit = await this.#visit(report);
    if (visit !== undefined) return this.#serve(visit);
    this.#stage = 'over';
    return report;
  }

  /** Holds the meeting on a channel that the peer opened. Never rejects. */
  serve(visit: Visit): Promise<SessionReport> {
    return this.#serve(visit);
  }

  offer(visit: Visit): SessionVerdict {
    if (this.#stage === 'serving' || this.#stage === 'over') return 'later';
    if (this.#stage === 'calling') {
      if ((this.#channel?.receivedBytes ?? 0) > 0) return 'later';
      if (this.#host.self < this.#peer && !this.#reuses) return 'refused';
    }
    this.#stage = 'serving';
    this.#visited.resolve(visit);
    this.#attempt.abort(YIELDED);
    this.#channel?.abort(YIELDED);
    return 'taken';
  }

  /** The stream of our session is an old one: a peer that opens another has lost it. */
  get #reuses(): boolean {
    return this.#channel instanceof SessionSlot && this.#channel.reused;
  }

  /** Ends the meeting at once, whatever it is doing. */
  abort(error: ProtocolError): void {
    this.#over.abort(error);
    this.#attempt.abort(error);
    this.#channel?.abort(error);
  }

  async #initiate(): Promise<SessionReport> {
    const { clock } = this.#host;
    const begun = { startedAt: clock.now(), monotonic: clock.monotonic() };
    let dialect: Dialect | undefined;
    let release: Release | undefined;
    try {
      dialect = this.#host.dialect(this.#peer);
      release = await this.#host.calling.acquire(this.#attempt.signal, this.#giveWay);
      return await this.#call(dialect);
    } catch (error) {
      const durationMs = clock.monotonic() - begun.monotonic;
      return unopened({
        peer: this.#peer,
        dialect: dialect?.name ?? '',
        startedAt: begun.startedAt,
        durationMs,
        error: describe(error),
      });
    } finally {
      release?.();
    }
  }

  /** A kept stream may have come to its end, and we do not know yet: then a new one is opened. */
  async #call(dialect: Dialect): Promise<SessionReport> {
    const channel = await this.#open(dialect);
    const report = await this.#run(channel, dialect, 'initiator');
    const stale = this.#reuses && channel.receivedBytes === 0;
    if (!stale || !BROKEN.has(report.error?.code ?? '')) return report;
    if (this.#attempt.signal.aborted) return report;
    return this.#run(await this.#open(dialect), dialect, 'initiator');
  }

  async #open(dialect: Dialect): Promise<SessionChannel> {
    const { signal } = this.#attempt;
    signal.throwIfAborted();
    this.#stage = 'calling';
    const { clock, options } = this.#host;
    const { openTimeoutMs: ms } = options;
    const expire = (): void =>
      this.#attempt.abort(new ProtocolError('TIMEOUT', `no stream opened within ${ms} ms`));
    const channel = await within({ clock, ms, expire }, () =>
      this.#host.open(this.#peer, dialect, signal),
    );
    this.#channel = channel;
    if (signal.aborted) channel.abort(signal.reason);
    return channel;
  }

  async #serve({ channel, dialect }: Visit): Promise<SessionReport> {
    this.#stage = 'serving';
    this.#channel = channel;
    if (this.#over.signal.aborted) channel.abort(this.#over.signal.reason);
    return this.#run(channel, dialect, 'responder');
  }

  #run(channel: SessionChannel, dialect: Dialect, role: Role): Promise<SessionReport> {
    const { clock, options, serving } = this.#host;
    const session = new SessionRun({
      channel,
      dialect,
      role,
      clock,
      options,
      snapshot: () => this.#host.snapshot(),
      missing: (ids) => this.#host.missing(this.#peer, ids),
      differs: () => this.#host.differs(this.#peer),
      refuses: (id) => this.#host.refuses(this.#peer, id),
      scope: role === 'initiator' ? this.#scope : {},
      outlined: (outlines) => this.#host.outlined(this.#peer, outlines),
      judge: (theirs) => this.#host.judge(this.#peer, theirs),
      keep: channel instanceof SessionSlot ? () => channel.end() : undefined,
      admit: (expired) =>
        serving.acquire(AbortSignal.any([this.#over.signal, expired]), this.#giveWay),
    });
    this.#session = session;
    return session.run();
  }

  readonly #giveWay = (): void => this.#session?.giveWay();

  /**
   * The peer's stream that took the place of ours, if there is one. A stream that broke before it
   * was answered may have been refused by a peer that starts at the same time: its own is awaited
   * a while.
   */
  async #visit({ error }: SessionReport): Promise<Visit | undefined> {
    if (this.#stage === 'serving') return this.#visited.promise;
    if (error === null || this.#over.signal.aborted || !this.#mayBeRefused(error.code)) return;
    this.#stage = 'waiting';
    const none = Promise.withResolvers<undefined>();
    const giveUp = (): void => none.resolve(undefined);
    this.#over.signal.addEventListener('abort', giveUp, { once: true });
    const { clock, options } = this.#host;
    return within({ clock, ms: options.openTimeoutMs, expire: giveUp }, () =>
      Promise.race([this.#visited.promise, none.promise]),
    );
  }

  #mayBeRefused(code: string): boolean {
    if (this.#host.self < this.#peer || (this.#channel?.receivedBytes ?? 0) > 0) return false;
    return BROKEN.has(code);
  }
}

const BROKEN: ReadonlySet<string> = new Set(['STREAM_FAILED', 'STREAM_CLOSED']);

/** The report of a session that got no stream. */
function unopened(
  known: Pick<SessionReport, 'peer' | 'dialect' | 'startedAt' | 'durationMs' | 'error'>,
): SessionReport {
  return {
    ...known,
    role: 'initiator',
    rounds: 0,
    bytesSent: 0,
    bytesReceived: 0,
    missing: 0,
    equal: false,
    version: 0,
    finding: null,
    asked: null,
    settles: true,
    outlines: null,
    survey: [],
    efficiency: null,
    continueFrom: null,
  };
}

const YIELDED = new ProtocolError('ABORTED', "the peer's own stream carries the session");
