import { within } from '../../deadline.ts';
import { ProtocolError } from '../../errors.ts';
import type { Release } from '../../limiter.ts';
import type { SessionChannel } from '../../network/index.ts';
import type { Dialect, Role } from '../dialect.ts';
import { emptyReport, type SessionReport } from '../report.ts';
import type { InboundSession, PeerChannels } from './peer-channels.ts';
import { SessionSlot } from './peer-stream.ts';
import { describe, type SessionEnvironment, SessionRun } from './session.ts';
import type { Slots } from './slots.ts';
import type { Scope } from './types.ts';

/** What a session with a peer needs before it has a channel. */
export interface SessionContext extends SessionEnvironment {
  readonly channels: Pick<PeerChannels, 'self' | 'dialect' | 'open'>;
  /** Slots for sessions that start here. */
  readonly calling: Slots;
}

/** The answer to a peer that begins a session while another one with it exists. */
export type SessionVerdict =
  /** The running session moves to that channel. */
  | 'taken'
  /** Our own stream counts; the peer joins that. */
  | 'refused'
  /** The running session has had its channel: the inbound one is for the next session. */
  | 'later';

/**
 * One session with one peer, in either role. When both sides start at once, the stream opened by the
 * node with the smaller id counts; the other node gives its own up and joins.
 */
export class PeerSession {
  readonly #context: SessionContext;
  readonly #peer: string;
  readonly #scope: Scope;
  readonly #inbound = Promise.withResolvers<InboundSession>();
  /** Ends all waiting; the reason is a `ProtocolError`. */
  readonly #over = new AbortController();
  /** Calls our own attempt off. */
  readonly #attempt = new AbortController();
  #stage: 'waiting' | 'calling' | 'serving' | 'over' = 'waiting';
  #channel: SessionChannel | undefined;
  #run: SessionRun | undefined;

  constructor(context: SessionContext, peer: string, scope: Scope = {}) {
    this.#context = context;
    this.#peer = peer;
    this.#scope = scope;
  }

  /** Starts a session with the peer, or joins the one it starts meanwhile. Never rejects. */
  async call(): Promise<SessionReport> {
    const report = await this.#initiate();
    const inbound = await this.#inboundInstead(report);
    if (inbound !== undefined) return this.serve(inbound);
    this.#stage = 'over';
    return report;
  }

  /** Runs the session on a channel that the peer opened. Never rejects. */
  serve({ channel, dialect }: InboundSession): Promise<SessionReport> {
    this.#stage = 'serving';
    this.#channel = channel;
    return this.#runOn(channel, dialect, 'responder');
  }

  /** The peer begins a session as well. */
  offer(inbound: InboundSession): SessionVerdict {
    if (this.#stage === 'serving' || this.#stage === 'over') return 'later';
    if (this.#stage === 'calling') {
      if ((this.#channel?.receivedBytes ?? 0) > 0) return 'later';
      if (this.#context.channels.self < this.#peer && !this.#reuses) return 'refused';
    }
    this.#stage = 'serving';
    this.#inbound.resolve(inbound);
    this.#attempt.abort(YIELDED);
    this.#channel?.abort(YIELDED);
    return 'taken';
  }

  /** Ends the session at once, in any stage. */
  abort(error: ProtocolError): void {
    this.#over.abort(error);
    this.#attempt.abort(error);
    this.#run?.abort(error);
    this.#channel?.abort(error);
  }

  /** The stream of our session is an old one: a peer that opens another has lost it. */
  get #reuses(): boolean {
    return this.#channel instanceof SessionSlot && this.#channel.reused;
  }

  async #initiate(): Promise<SessionReport> {
    const { clock, calling, channels } = this.#context;
    const [startedAt, begin] = [clock.now(), clock.monotonic()];
    let dialect: Dialect | undefined;
    let release: Release | undefined;
    try {
      dialect = channels.dialect(this.#peer);
      release = await calling.acquire(this.#attempt.signal, () => this.#run?.giveWay());
      return await this.#call(dialect);
    } catch (error) {
      const name = dialect?.name ?? '';
      return {
        ...emptyReport({ peer: this.#peer, role: 'initiator', dialect: name, startedAt }),
        durationMs: clock.monotonic() - begin,
        error: describe(error),
      };
    } finally {
      release?.();
    }
  }

  /** A kept stream may have ended without our knowledge: then a new one is opened. */
  async #call(dialect: Dialect): Promise<SessionReport> {
    const channel = await this.#open(dialect);
    const report = await this.#runOn(channel, dialect, 'initiator');
    const stale = this.#reuses && channel.receivedBytes === 0;
    if (!stale || !BROKEN.has(report.error?.code ?? '')) return report;
    if (this.#attempt.signal.aborted) return report;
    return this.#runOn(await this.#open(dialect), dialect, 'initiator');
  }

  async #open(dialect: Dialect): Promise<SessionChannel> {
    const { signal } = this.#attempt;
    signal.throwIfAborted();
    this.#stage = 'calling';
    const { clock, options, channels } = this.#context;
    const { openTimeoutMs: ms } = options;
    const expire = (): void =>
      this.#attempt.abort(new ProtocolError('TIMEOUT', `no stream opened within ${ms} ms`));
    const channel = await within({ clock, ms, expire }, () =>
      channels.open(this.#peer, dialect, signal),
    );
    this.#channel = channel;
    if (signal.aborted) channel.abort(signal.reason);
    return channel;
  }

  #runOn(channel: SessionChannel, dialect: Dialect, role: Role): Promise<SessionReport> {
    const scope = role === 'initiator' ? this.#scope : {};
    this.#run = new SessionRun({ environment: this.#context, channel, dialect, role, scope });
    if (this.#over.signal.aborted) this.#run.abort(this.#over.signal.reason);
    return this.#run.run();
  }

  /**
   * The peer's stream that took the place of ours, if there is one. A stream that broke before it
   * was answered may have been refused by a peer that starts at the same time: its own is awaited
   * a while.
   */
  async #inboundInstead({ error }: SessionReport): Promise<InboundSession | undefined> {
    if (this.#stage === 'serving') return this.#inbound.promise;
    if (error === null || this.#over.signal.aborted || !this.#mayBeRefused(error.code)) return;
    this.#stage = 'waiting';
    const none = Promise.withResolvers<undefined>();
    const giveUp = (): void => none.resolve(undefined);
    this.#over.signal.addEventListener('abort', giveUp, { once: true });
    const { clock, options } = this.#context;
    return within({ clock, ms: options.openTimeoutMs, expire: giveUp }, () =>
      Promise.race([this.#inbound.promise, none.promise]),
    );
  }

  #mayBeRefused(code: string): boolean {
    const { self } = this.#context.channels;
    if (self < this.#peer || (this.#channel?.receivedBytes ?? 0) > 0) return false;
    return BROKEN.has(code);
  }
}

const BROKEN: ReadonlySet<string> = new Set(['STREAM_FAILED', 'STREAM_CLOSED']);
const YIELDED = new ProtocolError('ABORTED', "the peer's own stream carries the session");
