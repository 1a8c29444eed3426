import {
  type Outline,
  type ReconciliationSet,
  reconciledBoth,
  type Scope,
  type SessionReport,
  sameInterval,
} from '../../../protocol/index.ts';
import { type Bound, compareBounds, equalBytes } from '../../../store/index.ts';
import { CatchUp, type CatchUpInit, type CatchUpProgress } from '../catch-up/index.ts';
import type { Fetcher } from '../fetching/index.ts';
import type { PeerRecords } from '../peers.ts';
import type { IndexWait } from '../upkeep/index.ts';
import type { Arrivals } from './arrivals.ts';
import type { ProvingSessions } from './proof-renewal.ts';
import type { ScheduledSessions } from './scheduler.ts';

interface SessionsInit extends Omit<CatchUpInit, 'service' | 'unknownPeers' | 'ended'> {
  wanted: ReconciliationSet;
  peers: Pick<PeerRecords, 'connectedOnes'>;
  fetcher: Pick<Fetcher, 'busy' | 'room' | 'paused' | 'streams' | 'stream'>;
  arrivals: Pick<Arrivals, 'worthWaiting'>;
  indexWait: Pick<IndexWait, 'usable'>;
  /** Called when a catch-up is over. */
  caughtUp: () => void;
  catchUpItems: number;
  /** Items go in one direction only: the sizes of both sets say nothing about what is missing. */
  oneWay: (peer: string) => boolean;
}

type SessionService = CatchUpInit['service'];

/** Wanted ids above which a session that only proves would list too many again. */
const MAX_CHEAP = 1_024;

const SURVEY: Scope = { mode: 'survey' };

/** After a survey a peer begins a session that this node declines; three in a row are not expected. */
const MAX_SURVEYS = 3;

function showsNothing(report: SessionReport): boolean {
  const { role, equal, error } = report;
  return role === 'responder' && !equal && error === null && !reconciledBoth(report);
}

interface Listed {
  readonly root: Uint8Array;
  /** Its session is still to end. */
  running: boolean;
  /** Peers that got no session of their own, because this peer lists the same set. */
  readonly mirrors: Set<string>;
}

/**
 * Chooses the session that a peer gets: a survey first if the cost of a whole session is unknown, no
 * session if another peer lists the same set, or a part in a catch-up.
 */
export class Sessions implements ScheduledSessions, ProvingSessions {
  readonly #init: SessionsInit;
  /** Set while sessions may run: from `start` to `stop`. */
  #reconcile: SessionService | null = null;
  /** Peers that had a survey since they connected, and the lower bound of what both accepted. */
  readonly #known = new Map<string, Bound>();
  /** Peers that list at present, or whose lists are being fetched. */
  readonly #listing = new Map<string, Listed>();
  readonly #running = new Set<string>();
  #catchUp: CatchUp | null = null;

  constructor(init: SessionsInit) {
    this.#init = init;
  }

  start(reconcile: SessionService): void {
    this.#reconcile = reconcile;
  }

  /** How far catching up from several peers is, or null when this node is not far behind. */
  get catchUp(): CatchUpProgress | null {
    return this.#catchUp?.progress ?? null;
  }

  get busy(): boolean {
    const { arrivals, fetcher } = this.#init;
    return arrivals.worthWaiting(fetcher.busy || this.catchingUp);
  }

  get cheap(): boolean {
    const { size, orphans } = this.#init.wanted;
    return !this.catchingUp && size - orphans <= MAX_CHEAP;
  }

  /** Peers that are ahead list slices. A catch-up that only closes holds up no session. */
  get catchingUp(): boolean {
    return this.#catchUp?.closing === false;
  }

  get #fetching(): boolean {
    return this.#init.arrivals.worthWaiting(this.#init.fetcher.busy);
  }

  /** Whether this node would want ids that the peer lists. */
  #believes(peer: string): boolean {
    return this.#init.fetcher.room(peer) > 0;
  }

  /** The peer is due: resolves when its session has ended. Without an index there is no session. */
  async run(peer: string): Promise<void> {
    const service = this.#reconcile;
    if (service === null || !this.#init.indexWait.usable()) return;
    if (this.#catchUp?.takes(peer) === true || this.#running.has(peer)) return;
    if (this.#init.oneWay(peer)) {
      await service.reconcile(peer);
      return;
    }
    const alone = this.#running.size + this.#listing.size === 0 && !this.catchingUp;
    this.#running.add(peer);
    try {
      // It may join a session of the peer that this node declines because of the survey to come.
      const plain = alone && this.#known.has(peer) && this.#believes(peer);
      const whole = plain ? await service.reconcile(peer) : null;
      if (whole !== null && !showsNothing(whole)) return;
      if (await this.#survey(peer, service)) await service.reconcile(peer);
    } finally {
      this.#running.delete(peer);
    }
  }

  /** Runs a session with one peer, or with every connected one; each report as it ended. */
  async sync(peer?: string): Promise<SessionReport[]> {
    const service = this.#reconcile;
    if (service === null) return [];
    const connected = this.#init.peers.connectedOnes.map((record) => record.peer);
    const targets = peer === undefined ? connected : [peer];
    return Promise.all(targets.map((target) => this.#sync(target, service)));
  }

  /** With a peer that is far ahead the session is a survey: the catch-up fetches the missing items. */
  async #sync(peer: string, service: SessionService): Promise<SessionReport> {
    if (this.#init.oneWay(peer)) return service.reconcile(peer);
    const survey = await service.reconcile(peer, SURVEY);
    const { role, error, equal, outlines } = survey;
    if (error !== null || equal || outlines === null) return survey;
    if (role === 'initiator' && this.#fallsToCatchUp(survey, service)) {
      return { ...survey, missing: outlines.theirs.count - outlines.ours.count };
    }
    return role === 'initiator' || showsNothing(survey) ? service.reconcile(peer) : survey;
  }

  async #survey(peer: string, service: SessionService): Promise<boolean> {
    let survey = await service.reconcile(peer, SURVEY);
    // The peer began a session at that moment, which settled nothing and showed only a root.
    for (let again = 0; again < MAX_SURVEYS && showsNothing(survey); again++) {
      survey = await service.reconcile(peer, SURVEY);
    }
    const { role, error, equal, outlines } = survey;
    if (error !== null || outlines === null) return false;
    this.#known.set(peer, outlines.ours.interval.lower);
    if (equal || role !== 'initiator' || outlines.theirs.mode === 'survey') return false;
    const ahead = outlines.theirs.count > outlines.ours.count;
    if (ahead && !this.#believes(peer)) return false;
    if (this.#fallsToCatchUp(survey, service) || this.#mirrors(peer, outlines.theirs)) return false;
    this.#list(peer, outlines.theirs);
    return true;
  }

  disconnected(peer: string): void {
    this.#known.delete(peer);
    this.#listing.delete(peer);
    this.#catchUp?.left(peer);
  }

  /** Whether a session that a peer begins is to settle anything. */
  judge(peer: string, theirs: Outline, ours: number): boolean {
    if (this.#reconcile === null || this.#init.oneWay(peer)) return true;
    if (theirs.mode === 'survey' || !theirs.whole) return true;
    const floor = this.#known.get(peer);
    // Its count of a larger interval says nothing: its survey has shown how far ahead it is.
    const isLarger = floor !== undefined && compareBounds(theirs.interval.lower, floor) < 0;
    const ahead = isLarger ? 0 : theirs.count - ours;
    if (ahead >= (this.catchingUp ? 1 : this.#init.catchUpItems)) {
      // A survey comes first; then the peer takes part.
      void this.run(peer);
      return false;
    }
    if (this.#mirrors(peer, theirs)) return false;
    if (ahead > 0) this.#list(peer, theirs);
    return true;
  }

  /** A session has shown size and root of both sets. */
  outlined(peer: string, { ours, theirs }: NonNullable<SessionReport['outlines']>): void {
    if (this.#init.oneWay(peer)) return;
    const surveys = ours.mode === 'survey' || theirs.mode === 'survey';
    // Roots of unequal intervals differ though nothing else does.
    const whole = ours.whole && theirs.whole && sameInterval(ours.interval, theirs.interval);
    if (!surveys && whole && !equalBytes(ours.root, theirs.root)) this.#list(peer, theirs);
  }

  ended({ peer, mode }: SessionReport): void {
    const listed = this.#listing.get(peer);
    if (listed !== undefined && mode === 'reconcile') listed.running = false;
    this.#forgetListed();
  }

  /** The session that runs with the peer is over a slice: no statement is made of it. */
  overSlice(peer: string): boolean {
    return this.#catchUp?.works(peer) ?? false;
  }

  /** Nothing that the peer listed is believed any more. */
  disbelieved(peer: string): void {
    this.#catchUp?.disbelieved(peer);
  }

  learnt(peer: string, ids: readonly Uint8Array[]): void {
    this.#catchUp?.learnt(peer, ids);
  }

  /** Items came onto this disk: their ids, as keys. */
  stored(keys: Iterable<string>): void {
    this.#catchUp?.stored(keys);
    this.#forgetListed();
  }

  stop(): void {
    this.#reconcile = null;
    this.#catchUp?.stop();
    this.#catchUp = null;
  }

  #list(peer: string, { root }: Outline): void {
    const known = this.#listing.get(peer);
    if (known !== undefined && equalBytes(known.root, root)) known.running = true;
    else this.#listing.set(peer, { root, running: true, mirrors: new Set() });
  }

  #forgetListed(): void {
    // Orphans may stay for days.
    const { size, orphans } = this.#init.wanted;
    if (size > orphans) return;
    for (const [peer, { running }] of this.#listing) if (!running) this.#listing.delete(peer);
  }

  /**
   * A peer with the root of a peer that lists already is a source of the same ids. A root is no proof, so
   * it spares a session once, and while items are fetched. Nor does a peer list ids again meanwhile.
   */
  #mirrors(peer: string, { root }: Outline): boolean {
    for (const [other, listed] of this.#listing) {
      if (!equalBytes(listed.root, root)) continue;
      if (other === peer) {
        if (listed.running || !this.#fetching) continue;
        return true;
      }
      if (listed.mirrors.has(peer) && !this.#fetching) return false;
      listed.mirrors.add(peer);
      this.#init.wanted.mirror(peer, other);
      return true;
    }
    return false;
  }

  #fallsToCatchUp(survey: SessionReport, service: SessionService): boolean {
    const { ours, theirs } = survey.outlines!;
    const ahead = theirs.count - ours.count;
    if (!this.#believes(survey.peer)) return false;
    if (this.catchingUp) {
      if (ahead > 0) this.#catchUp!.join(survey);
      return ahead > 0;
    }
    if (ahead < this.#init.catchUpItems) return false;
    this.#catchUp?.end();
    const { peers, caughtUp } = this.#init;
    this.#catchUp = new CatchUp({
      ...this.#init,
      service,
      unknownPeers: () => peers.connectedOnes.length - this.#known.size,
      ended: () => {
        this.#catchUp = null;
        caughtUp();
      },
    });
    this.#catchUp.begin(survey, peers.connectedOnes.length);
    return true;
  }
}
