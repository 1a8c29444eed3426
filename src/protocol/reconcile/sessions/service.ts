import {
  type Bound,
  checkClock,
  checkFunction,
  checkInit,
  checkList,
  checkPort,
  INFINITE_BOUND,
} from '../../../store/index.ts';
import { PeerWork, SliceShare, Turns } from '../../budgets/index.ts';
import { messageOf, PAUSED, ProtocolError, STOPPED } from '../../errors.ts';
import { type Log, SILENT } from '../../log.ts';
import type { Network } from '../../network/index.ts';
import { LINKS } from '../link.ts';
import { DEFAULT_RECONCILE_OPTIONS } from '../options.ts';
import { reconciledBoth, type SessionReport } from '../report.ts';
import { type InboundSession, type PeerChannelEvents, PeerChannels } from './peer-channels.ts';
import { PeerLinks } from './peer-links.ts';
import { PeerSession, type SessionContext } from './peer-session.ts';
import { RunningIntervals } from './running-intervals.ts';
import { Slots } from './slots.ts';
import type {
  CarriedBytes,
  Reconcile,
  ReconcileEvents,
  ReconcileInit,
  RunningSession,
  Scope,
} from './types.ts';

interface HeldSession {
  readonly session: PeerSession;
  readonly report: Promise<SessionReport>;
  /** A caller here asked for the session. */
  wanted: boolean;
  readonly compares: boolean;
}

const EVENTS = ['peerConnected', 'peerDisconnected', 'differs', 'missing', 'ended'];

function checkReconcileInit(init: ReconcileInit): void {
  checkInit('reconcile', init);
  checkClock(init.clock);
  checkList(init.dialects, 'dialects');
  for (const dialect of init.dialects) checkPort('dialects', dialect, ['session']);
  checkLink(init.options?.link);
  checkFunction('snapshot', init.snapshot);
  checkPort('events', init.events, EVENTS);
}

function checkLink(link: string | undefined): void {
  if (link === undefined || Object.hasOwn(LINKS, link)) return;
  const message = `'link' of reconcile is ${Object.keys(LINKS).join(', ')}, not ${link}`;
  throw new ProtocolError('INVALID_INIT', message);
}

/** Runs sessions over a network: at most one with each peer at a time, in either role. */
export class ReconcileService implements Reconcile, PeerChannelEvents {
  readonly #events: ReconcileEvents;
  readonly #log: Log;
  readonly #answers: (peer: string) => boolean;
  readonly #channels: PeerChannels;
  readonly #context: SessionContext;
  readonly #links: PeerLinks;
  readonly #sessions = new Map<string, HeldSession>();
  /** Peers with a stream that waits for the running session to end. */
  readonly #next = new Set<string>();
  /** Since the service was made. */
  readonly itemTotals: CarriedBytes = { receivedBytes: 0, sentBytes: 0 };
  /** The bound at which the next session with a peer continues. */
  readonly #resume = new Map<string, Bound>();
  #running = false;
  #count = 0;

  /** Throws `INVALID_INIT` or `INVALID_NETWORK_NAME`. */
  constructor(network: Network, init: ReconcileInit) {
    checkReconcileInit(init);
    const options = { ...DEFAULT_RECONCILE_OPTIONS, ...init.options };
    const { clock, knows } = init;
    const { maxSessions: limit, giveWayMs } = options;
    const slots = { clock, limit, giveWayMs, ...(knows !== undefined && { knows }) };
    this.#events = init.events;
    this.#log = init.log ?? SILENT;
    this.#answers = init.answers ?? (() => true);
    const turns = init.turns ?? new Turns({ clock: init.clock });
    this.#channels = new PeerChannels(network, init, this);
    this.#links = new PeerLinks(clock, options.link);
    this.#context = {
      ...init,
      options,
      links: this.#links,
      channels: this.#channels,
      calling: new Slots(slots),
      serving: new Slots(slots),
      intervals: new RunningIntervals(),
      itemTotals: this.itemTotals,
      work: init.work ?? new PeerWork({ clock: init.clock }),
      turns,
      share: new SliceShare(turns),
    };
  }

  get peers(): readonly string[] {
    return this.#channels.peers;
  }

  get running(): readonly RunningSession[] {
    return [...this.#sessions].map(([peer, { session }]) => ({ peer, report: session.report }));
  }

  runs(peer: string): boolean {
    return this.#sessions.has(peer);
  }

  /** The part of the slots in use, 0 to 1: of sessions that start here, and of those that peers start. */
  get usedRatios(): { readonly calling: number; readonly serving: number } {
    const { calling, serving } = this.#context;
    return { calling: calling.usedRatio, serving: serving.usedRatio };
  }

  interrupt(peer: string): void {
    this.#sessions.get(peer)?.session.abort(PAUSED);
    this.#channels.abort(peer, PAUSED);
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#channels.start();
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#channels.stop();
    const held = [...this.#sessions.values()];
    for (const { session } of held) session.abort(STOPPED);
    await Promise.all(held.map(({ report }) => report));
    this.#channels.close(STOPPED);
  }

  reconcile(peer: string, scope?: Scope): Promise<SessionReport> {
    const surveysAll = scope?.mode === 'survey' && scope.interval === undefined;
    if (scope !== undefined && !surveysAll) return this.#reconcileAfter(peer, scope);
    const current = this.#sessions.get(peer);
    // A session that only compares settles nothing for other callers.
    if (current?.compares === true) return current.report.then(() => this.reconcile(peer, scope));
    if (current !== undefined) {
      current.wanted = true;
      return current.report;
    }
    if (surveysAll) return this.#hold(peer, null, scope);
    const lower = this.#resume.get(peer);
    const rest = lower === undefined ? {} : { interval: { lower, upper: INFINITE_BOUND } };
    return this.#hold(peer, null, rest, true);
  }

  /** For the channels alone, as `peerConnected` and `peerDisconnected`. */
  async inbound(inbound: InboundSession): Promise<void> {
    const { peer } = inbound.channel;
    const current = this.#sessions.get(peer);
    if (!this.#running) throw STOPPED;
    if (!this.#answers(peer)) throw PAUSED;
    if (current === undefined) {
      this.#channels.keep(inbound.stream);
      await this.#hold(peer, inbound);
      return;
    }
    const verdict = current.session.offer(inbound);
    if (verdict === 'refused') throw REFUSED;
    if (verdict === 'taken') {
      this.#channels.keep(inbound.stream);
      await current.report;
    } else await this.#serveNext(inbound, current.report);
  }

  peerConnected(peer: string): void {
    this.#events.peerConnected(peer);
  }

  peerDisconnected(peer: string): void {
    this.#resume.delete(peer);
    this.#sessions.get(peer)?.session.abort(GONE);
    this.#channels.abort(peer, GONE);
    this.#links.forget(peer);
    this.#events.peerDisconnected(peer);
  }

  /** A session that the peer begins meanwhile comes first, at most `MAX_ATTEMPTS` times. */
  async #reconcileAfter(peer: string, scope: Scope): Promise<SessionReport> {
    for (let attempt = 1; ; attempt++) {
      let current = this.#sessions.get(peer);
      for (; current !== undefined; current = this.#sessions.get(peer)) await current.report;
      const report = await this.#hold(peer, null, scope);
      if (report.role === 'initiator' || attempt === MAX_ATTEMPTS) return report;
    }
  }

  /** The peer saw the end of the running session before us: one stream of it may wait. */
  async #serveNext(inbound: InboundSession, running: Promise<SessionReport>): Promise<void> {
    const { peer } = inbound.channel;
    if (this.#next.has(peer)) throw REFUSED;
    this.#next.add(peer);
    try {
      await running;
    } finally {
      this.#next.delete(peer);
    }
    await this.inbound(inbound);
  }

  /** `resumes`: the next session continues where this session stops. */
  async #hold(
    peer: string,
    inbound: InboundSession | null,
    scope?: Scope,
    resumes = inbound !== null,
  ): Promise<SessionReport> {
    const number = ++this.#count;
    const session = new PeerSession(this.#context, peer, scope);
    const ended = Promise.withResolvers<SessionReport>();
    const compares = scope?.found !== undefined;
    const wanted = inbound === null;
    const held: HeldSession = { session, report: ended.promise, wanted, compares };
    this.#sessions.set(peer, held);
    if (!this.#running) session.abort(STOPPED);
    if (!this.#answers(peer)) session.abort(PAUSED);
    const report = await (inbound === null ? session.call() : session.serve(inbound));
    this.#sessions.delete(peer);
    if (resumes) this.#noteResume(report);
    ended.resolve(report);
    this.#logReport(number, report);
    // A stream of a peer without a frame was no session.
    const unheard = compares && report.role === 'initiator';
    if (!unheard && (held.wanted || report.rounds > 0)) this.#tell(report);
    return report;
  }

  /** A session that stopped short sets the bound, a complete session clears it; a survey does neither. */
  #noteResume(report: SessionReport): void {
    if (!reconciledBoth(report)) return;
    const { peer, role, continueFrom, error } = report;
    const isConnected = this.#channels.isConnected(peer);
    if (continueFrom !== null && isConnected) this.#resume.set(peer, continueFrom);
    else if (role === 'initiator' || error !== null) this.#resume.delete(peer);
  }

  /** What a listener throws is its own fault: no caller of `reconcile` gets it. */
  #tell(report: SessionReport): void {
    try {
      this.#events.ended(report);
    } catch (error) {
      const { peer } = report;
      this.#log.warn({ peer, message: messageOf(error) }, 'a listener of ended sessions failed');
    }
  }

  #logReport(session: number, report: SessionReport): void {
    const { peer, role, dialect, rounds, missing, equal, error } = report;
    const fields = { peer, session, role, dialect, rounds, missing, equal };
    if (error === null) this.#log.debug(fields, 'session ended');
    else this.#log.warn({ ...fields, ...error }, 'session failed');
  }
}

/** Sessions of the peer that may come before one session of ours. */
const MAX_ATTEMPTS = 8;

const GONE = new ProtocolError('STREAM_FAILED', 'the peer disconnected');
const REFUSED = new ProtocolError('BUSY', 'another stream carries the session with this peer');
