import { type Bound, INFINITE_BOUND } from '../../../store/index.ts';
import { ProtocolError } from '../../errors.ts';
import { type Log, SILENT } from '../../log.ts';
import type { ChannelInit, Network, SessionChannel } from '../../network/index.ts';
import { protocolId } from '../../protocol-id.ts';
import type { Dialect } from '../dialect.ts';
import {
  DEFAULT_RECONCILE_OPTIONS,
  DEFAULT_SESSION_LIMITS,
  type ReconcileOptions,
} from '../options.ts';
import { type SessionReport, settledBoth } from '../report.ts';
import { type MeetingHost, PeerSession, type Visit } from './peer-session.ts';
import { PeerStreams } from './peer-streams.ts';
import type { Scope } from './session.ts';
import { Slots } from './slots.ts';
import type { Reconcile, ReconcileInit } from './types.ts';

/**
 * Inbound streams of a dialect from one peer: the session that runs, and the next one, which a peer
 * may open while the end of the first is still on its way through our queue.
 */
const MAX_INBOUND_STREAMS = 2;

interface HeldSession {
  readonly meeting: PeerSession;
  readonly report: Promise<SessionReport>;
  /** Somebody here asked for the session. */
  wanted: boolean;
}

/**
 * Holds sessions with peers over a network: at most one with each at a time, whoever starts it.
 * `reconcile` is the service for libp2p.
 */
export class ReconcileService implements Reconcile {
  readonly #network: Network;
  readonly #init: ReconcileInit;
  readonly #options: ReconcileOptions;
  readonly #channelInit: ChannelInit;
  readonly #protocols: ReadonlyMap<Dialect, string>;
  readonly #log: Log;
  readonly #host: MeetingHost;
  /** The dialects each connected peer speaks. */
  readonly #speaking = new Map<string, Set<Dialect>>();
  readonly #meetings = new Map<string, HeldSession>();
  /** Peers with a stream that waits for the running session to end. */
  readonly #next = new Set<string>();
  readonly #lines: PeerStreams;
  /** Where the next session with a peer goes on. */
  readonly #resume = new Map<string, Bound>();
  #unwatch: (() => void)[] = [];
  #running = false;
  #sessions = 0;

  /** Throws `INVALID_NETWORK_NAME`. */
  constructor(network: Network, init: ReconcileInit) {
    this.#network = network;
    this.#init = init;
    this.#log = init.log ?? SILENT;
    this.#options = { ...DEFAULT_RECONCILE_OPTIONS, ...init.options };
    this.#channelInit = {
      maxFrameBytes: this.#options.limits.maxInboundBytes ?? DEFAULT_SESSION_LIMITS.maxInboundBytes,
      maxInbound: MAX_INBOUND_STREAMS,
    };
    this.#protocols = new Map(
      init.dialects.map((dialect) => [
        dialect,
        protocolId(init.networkName, dialect.name, dialect.version),
      ]),
    );
    this.#host = this.#makeHost();
    const visited = (visit: Visit): Promise<void> => this.#visited(visit);
    this.#lines = new PeerStreams({ self: network.self, visited });
  }

  get peers(): readonly string[] {
    return [...this.#speaking.keys()];
  }

  runs(peer: string): boolean {
    return this.#meetings.has(peer);
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (const [dialect, protocol] of this.#protocols) {
      await this.#network.handle(
        protocol,
        (channel) => this.#accept(channel, dialect),
        this.#channelInit,
      );
    }
    for (const [dialect, protocol] of this.#protocols) {
      const unwatch = await this.#network.watch(protocol, {
        connected: (peer) => this.#connected(peer, dialect),
        disconnected: (peer) => this.#disconnected(peer, dialect),
      });
      this.#unwatch.push(unwatch);
    }
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    for (const protocol of this.#protocols.values()) await this.#network.unhandle(protocol);
    const held = [...this.#meetings.values()];
    for (const { meeting } of held) meeting.abort(STOPPED);
    await Promise.all(held.map(({ report }) => report));
    this.#lines.abort(STOPPED);
    this.#speaking.clear();
  }

  reconcile(peer: string, scope?: Scope): Promise<SessionReport> {
    const looks = scope?.settles === false && scope.interval === undefined;
    if (scope !== undefined && !looks) return this.#reconcileAfter(peer, scope);
    const current = this.#meetings.get(peer);
    if (current !== undefined) {
      current.wanted = true;
      return current.report;
    }
    if (looks) return this.#hold(peer, new PeerSession(this.#host, peer, scope), null);
    const lower = this.#resume.get(peer);
    const rest = lower === undefined ? {} : { interval: { lower, upper: INFINITE_BOUND } };
    return this.#hold(peer, new PeerSession(this.#host, peer, rest), null, true);
  }

  /** A session that the peer begins meanwhile is served first, so many times. */
  async #reconcileAfter(peer: string, scope: Scope): Promise<SessionReport> {
    for (let attempt = 1; ; attempt++) {
      let current = this.#meetings.get(peer);
      for (; current !== undefined; current = this.#meetings.get(peer)) await current.report;
      const report = await this.#hold(peer, new PeerSession(this.#host, peer, scope), null);
      if (report.role === 'initiator' || attempt === MAX_ATTEMPTS) return report;
    }
  }

  #accept(channel: SessionChannel, dialect: Dialect): Promise<void> {
    if (dialect.lasting === true) return this.#lines.serve(channel, dialect);
    return this.#visited({ channel, dialect });
  }

  /** Finds the meeting for a session that a peer begins; settles when that has ended. */
  async #visited(visit: Visit): Promise<void> {
    const { peer } = visit.channel;
    const current = this.#meetings.get(peer);
    if (!this.#running) throw STOPPED;
    if (current === undefined) {
      this.#lines.keep(visit.line);
      const meeting = new PeerSession(this.#host, peer);
      await this.#hold(peer, meeting, visit);
      return;
    }
    const verdict = current.meeting.offer(visit);
    if (verdict === 'refused') throw REFUSED;
    if (verdict === 'taken') {
      this.#lines.keep(visit.line);
      await current.report;
    } else await this.#visitLater(visit, current.report);
  }

  /** The peer saw the end of the running session before we did; one stream may wait for that. */
  async #visitLater(visit: Visit, running: Promise<SessionReport>): Promise<void> {
    const { peer } = visit.channel;
    if (this.#next.has(peer)) throw REFUSED;
    this.#next.add(peer);
    try {
      await running;
    } finally {
      this.#next.delete(peer);
    }
    await this.#visited(visit);
  }

  /** `goesOn`: where the session stops short the next one goes on; so does one that a peer begins. */
  async #hold(
    peer: string,
    meeting: PeerSession,
    visit: Visit | null,
    goesOn = visit !== null,
  ): Promise<SessionReport> {
    const session = ++this.#sessions;
    const settled = Promise.withResolvers<SessionReport>();
    const held: HeldSession = { meeting, report: settled.promise, wanted: visit === null };
    this.#meetings.set(peer, held);
    if (!this.#running) meeting.abort(STOPPED);
    const report = await (visit === null ? meeting.call() : meeting.serve(visit));
    this.#meetings.delete(peer);
    if (goesOn) this.#noteResume(report);
    settled.resolve(report);
    this.#note(session, report);
    // A stream that a peer opened and gave up without a word was no session.
    if (held.wanted || report.rounds > 0) this.#init.events.ended(report);
    return report;
  }

  /**
   * A session that stopped short leaves a bound to go on from; one that ran to its end clears it. One
   * in which either side settled nothing says nothing of that.
   */
  #noteResume(report: SessionReport): void {
    if (!settledBoth(report)) return;
    const { peer, role, continueFrom, error } = report;
    if (continueFrom !== null && this.#speaking.has(peer)) this.#resume.set(peer, continueFrom);
    else if (role === 'initiator' || error !== null) this.#resume.delete(peer);
  }

  #note(session: number, report: SessionReport): void {
    const { peer, role, dialect, rounds, missing, equal, error } = report;
    const fields = { peer, session, role, dialect, rounds, missing, equal };
    if (error === null) this.#log.debug(fields, 'session ended');
    else this.#log.warn({ ...fields, ...error }, 'session failed');
  }

  #connected(peer: string, dialect: Dialect): void {
    const spoken = this.#speaking.get(peer);
    spoken?.add(dialect);
    if (spoken !== undefined) return;
    this.#speaking.set(peer, new Set([dialect]));
    this.#init.events.peerConnected(peer);
  }

  #disconnected(peer: string, dialect: Dialect): void {
    const spoken = this.#speaking.get(peer);
    if (spoken?.delete(dialect) !== true || spoken.size > 0) return;
    this.#speaking.delete(peer);
    this.#resume.delete(peer);
    this.#meetings.get(peer)?.meeting.abort(GONE);
    this.#lines.abort(GONE, peer);
    this.#init.events.peerDisconnected(peer);
  }

  #makeHost(): MeetingHost {
    const { clock, events, snapshot } = this.#init;
    const slots = { clock, limit: this.#options.maxSessions, giveWayMs: this.#options.giveWayMs };
    return {
      self: this.#network.self,
      clock,
      options: this.#options,
      calling: new Slots(slots),
      serving: new Slots(slots),
      snapshot,
      differs: (peer) => events.differs(peer),
      refuses: this.#init.refuses ?? (() => false),
      outlined: (peer, outlines) => events.outlined?.(peer, outlines),
      judge: (peer, theirs) => events.judge?.(peer, theirs) ?? true,
      missing: (peer, ids) => events.missing(peer, ids),
      dialect: (peer) => this.#dialect(peer),
      open: (peer, dialect, signal) => this.#open(peer, dialect, signal),
    };
  }

  #dialect(peer: string): Dialect {
    const spoken = this.#speaking.get(peer);
    const best = this.#init.dialects.find((dialect) => spoken?.has(dialect));
    if (best !== undefined) return best;
    throw new ProtocolError(
      'UNKNOWN_PEER',
      `${peer} is not connected, or speaks no dialect of network ${this.#init.networkName}`,
    );
  }

  async #open(peer: string, dialect: Dialect, signal: AbortSignal): Promise<SessionChannel> {
    const turn = dialect.lasting === true ? this.#lines.call(peer) : undefined;
    if (turn !== undefined) return turn;
    const protocol = this.#protocols.get(dialect)!;
    const channel = await this.#network.open(peer, protocol, { ...this.#channelInit, signal });
    return dialect.lasting === true ? this.#lines.opened(channel, dialect) : channel;
  }
}

/** Sessions of the peer's that one of ours gives way to. */
const MAX_ATTEMPTS = 8;

const STOPPED = new ProtocolError('ABORTED', 'this node stops');
const GONE = new ProtocolError('STREAM_FAILED', 'the peer disconnected');
const REFUSED = new ProtocolError('BUSY', 'another stream carries the session with this peer');
