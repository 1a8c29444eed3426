import { within } from '../../deadline.ts';
import { ProtocolError } from '../../errors.ts';
import type { Release } from '../../limiter.ts';
import type { Dialect } from '../dialect.ts';
import { describe, emptyReport, type SessionReport } from '../report.ts';
import type { InboundSession, PeerChannels } from './peer-channels.ts';
import type { OpenChannel } from './peer-stream.ts';
import { SessionRun } from './session.ts';
import { SessionWork } from './session-work.ts';
import type { Slots } from './slots.ts';
import type { Scope, SessionEnvironment } from './types.ts';

export interface SessionContext extends SessionEnvironment {
  readonly channels: Pick<PeerChannels, 'self' | 'dialect' | 'open'>;
  /** Slots for sessions that start here. */
  readonly calling: Slots;
}

/**
 * The answer to a peer that begins a session during a session with it. `taken`: the running session
 * moves to that channel; `refused`: the peer joins ours; `later`: it is for the next session.
 */
export type SessionVerdict = 'taken' | 'refused' | 'later';

/**
 * One session with one peer, in either role. When both sides start at once, the node with the larger
 * id gives up its own stream and serves that of the other.
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
  #channel: OpenChannel | undefined;
  #run: SessionRun | undefined;

  constructor(context: SessionContext, peer: string, scope: Scope = {}) {
    this.#context = context;
    this.#peer = peer;
    this.#scope = scope;
  }

  /** Starts a session, or joins a session that the peer starts meanwhile. Never rejects. */
  async call(): Promise<SessionReport> {
    const report = await this.#initiate();
    const inbound = await this.#inboundInstead(report);
    if (inbound !== undefined) return this.serve(inbound);
    this.#stage = 'over';
    return report;
  }

  /** As far as the session has come; null while it waits. */
  get report(): SessionReport | null {
    return this.#run?.report ?? null;
  }

  /** Runs the session on a channel that the peer opened. Never rejects. */
  serve({ channel, dialect, since }: InboundSession): Promise<SessionReport> {
    this.#stage = 'serving';
    this.#channel = channel;
    return this.#runOn(channel, dialect, since);
  }

  /** The peer begins a session too. */
  offer(inbound: InboundSession): SessionVerdict {
    if (this.#stage === 'serving' || this.#stage === 'over') return 'later';
    if (this.#stage === 'calling') {
      if ((this.#channel?.receivedBytes ?? 0) > 0) return 'later';
      // A peer that opens another stream than the kept one has lost it.
      const reuses = this.#channel?.reused === true;
      if (this.#context.channels.self < this.#peer && !reuses) return 'refused';
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

  async #initiate(): Promise<SessionReport> {
    const { clock, calling, channels } = this.#context;
    const [startedAt, begin] = [clock.now(), clock.monotonic()];
    let dialect: Dialect | undefined;
    let release: Release | undefined;
    try {
      dialect = channels.dialect(this.#peer);
      if (this.#scope.found !== undefined && dialect.tells !== true) throw cannotTell(dialect);
      // A peer in debt gets neither a slot nor a stream.
      await new SessionWork(this.#context, this.#peer).paid(this.#attempt.signal);
      release = await calling.take(this.#peer, this.#attempt.signal, () => this.#run?.giveWay());
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

  /** Opens a new stream if the kept stream had ended without our knowledge. */
  async #call(dialect: Dialect): Promise<SessionReport> {
    const channel = await this.#open(dialect);
    const report = await this.#runOn(channel, dialect);
    const stale = channel.reused === true && channel.receivedBytes === 0;
    if (!stale || !BROKEN.has(report.error?.code ?? '')) return report;
    if (this.#attempt.signal.aborted) return report;
    return this.#runOn(await this.#open(dialect), dialect);
  }

  async #open(dialect: Dialect): Promise<OpenChannel> {
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

  /** `since`: the peer has begun the session, no earlier. */
  #runOn(channel: OpenChannel, dialect: Dialect, since?: number): Promise<SessionReport> {
    const init = { environment: this.#context, channel, dialect };
    this.#run = new SessionRun(
      since === undefined
        ? { ...init, role: 'initiator', scope: this.#scope }
        : { ...init, role: 'responder', scope: {}, since },
    );
    if (this.#over.signal.aborted) this.#run.abort(this.#over.signal.reason);
    return this.#run.run();
  }

  /**
   * The stream of the peer that replaced ours, if there is one. If ours broke before an answer, the
   * peer may have refused it because it starts too: then we wait for its stream.
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

function cannotTell({ name }: Dialect): ProtocolError {
  const message = `sessions of the dialect ${name} do not name the ids that differ: both nodes must speak the native dialect (sync.dialect)`;
  return new ProtocolError('DIALECT_CANNOT_TELL', message);
}

const BROKEN: ReadonlySet<string> = new Set(['STREAM_FAILED', 'STREAM_CLOSED']);
const YIELDED = new ProtocolError('ABORTED', "the peer's own stream carries the session");
