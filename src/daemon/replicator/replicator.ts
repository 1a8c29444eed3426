import {
  type AnnounceEvents,
  type AnnounceTotals,
  type Gap,
  type Outline,
  type ReconcileEvents,
  ReconciliationSet,
  type SessionReport,
  settledBoth,
} from '../../protocol/index.ts';
import {
  bytesToKey,
  type ItemKey,
  keyToBytes,
  type NewItem,
  type PutResult,
} from '../../store/index.ts';
import type { CatchUpProgress } from './catch-up/index.ts';
import { Fetcher } from './fetching/index.ts';
import type { ReplicatorInit, ReplicatorServices } from './init.ts';
import { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from './options.ts';
import { getsMany, type PeerRecord, PeerRecords } from './peers.ts';
import { isHeld, OwnItems, Push, PushCoverage } from './push/index.ts';
import {
  Arrivals,
  isOwnTrouble,
  outcome,
  PeerStatements,
  SessionScheduler,
  Sessions,
  type Statements,
} from './scheduling/index.ts';
import { IndexWait, Refill, WantsKeeper } from './upkeep/index.ts';
import { type Why, why } from './why.ts';

interface Running {
  readonly services: ReplicatorServices;
  readonly scheduler: SessionScheduler;
  readonly sessions: Sessions;
  readonly fetcher: Fetcher;
}

/**
 * Keeps the replica equal to its peers': sessions find what is missing, the ReconciliationSet
 * gathers it over all peers, the fetcher gets each item from one of them. `events` is handed to the
 * reconciliation service when that is made; `start` is called once both services exist.
 */
export class Replicator {
  readonly #init: ReplicatorInit;
  readonly #options: ReplicatorOptions;
  readonly #wanted: ReconciliationSet;
  readonly #keeper: WantsKeeper;
  readonly #peers = new PeerRecords();
  readonly #statements = new PeerStatements();
  #running: Running | null = null;
  /** Peers that have connected so far. */
  #met = 0;
  #unsubscribe: (() => void)[] = [];
  readonly #refill: Refill;
  readonly #recovery: IndexWait;
  readonly #push: Push;
  readonly #own: OwnItems;
  readonly #told = new PushCoverage();
  readonly #arrivals: Arrivals;

  readonly events: ReconcileEvents = {
    peerConnected: (peer) => this.#peerConnected(peer),
    peerDisconnected: (peer) => this.#peerDisconnected(peer),
    outlined: (peer, outlines) => this.#running?.sessions.outlined(peer, outlines),
    judge: (peer, theirs) => this.#judge(peer, theirs),
    differs: (peer) => this.#peers.differs(peer),
    missing: (peer, ids) => this.#missing(peer, ids),
    ended: (report) => this.#ended(report),
  };

  constructor(init: ReplicatorInit) {
    this.#init = init;
    this.#options = { ...DEFAULT_REPLICATOR_OPTIONS, ...init.options };
    const { clock, replica } = init;
    this.#wanted = new ReconciliationSet({
      now: () => clock.now(),
      mirrored: () => this.#running?.fetcher.pump(),
    });
    this.#keeper = new WantsKeeper({
      ...init,
      ...this.#options,
      file: init.wantsFile ?? null,
      wanted: this.#wanted,
      holds: (id) => isHeld(replica, id),
      restored: () => this.#running?.fetcher.pump(),
    });
    this.#arrivals = new Arrivals(init);
    this.#refill = new Refill(init);
    this.#recovery = new IndexWait({ ...init, recovered: () => this.#changed() });
    this.#own = new OwnItems({
      replica,
      announce: () => this.#running?.services.announce ?? null,
      spread: (keys) => this.#told.pushed(keys),
      astray: () => this.#astray(),
      met: () => this.#met,
    });
    this.#push = new Push({
      ...init,
      options: this.#options,
      wanted: this.#wanted,
      refuses: (peer, id) => this.refuses(peer, id),
      room: (peer) => this.#room(peer),
      connected: (peer) => this.#peers.get(peer)?.connected === true,
      paused: () => this.paused !== null,
      wants: () => this.#wants(),
      spread: (keys) => this.#told.pushed(keys),
      gap: (gap) => this.#gap(gap),
      differs: (peer) => this.#peers.differs(peer),
    });
  }

  /** Handed to the announce service when that is made. */
  get announced(): AnnounceEvents {
    return this.#push;
  }

  /** What push has done; null when it is off. */
  get pushed(): AnnounceTotals | null {
    return this.#running?.services.announce?.totals ?? null;
  }

  /** Distinct ids known to be missing here. */
  get wanted(): number {
    return this.#wanted.size;
  }

  /** Those that no peer lists any more, and those given up for want of room. */
  get orphans(): { readonly now: number; readonly lost: number } {
    return { now: this.#wanted.orphans, lost: this.#wanted.lost };
  }

  /** Why an item is not here. */
  why(id: Uint8Array): Why {
    return why(id, {
      wanted: this.#wanted,
      isSaidTooLarge: (one) => this.#running?.fetcher.isSaidTooLarge(one) ?? false,
      expiredAt: (one) => this.#keeper.expiredAt(one),
      expireAfterMs: this.#options.expireAfterMs,
    });
  }

  /** Why nothing is fetched at the moment, or null. */
  get paused(): { readonly code: string; readonly message: string } | null {
    return this.#running?.fetcher.paused ?? null;
  }

  /** Items at peers that our limits do not let in. */
  get refused(): number {
    return this.#running?.fetcher.refused ?? 0;
  }

  /** How far catching up from several peers is, or null when we are not far behind. */
  get catchUp(): CatchUpProgress | null {
    return this.#running?.sessions.catchUp ?? null;
  }

  /** What sessions have proved of a peer. */
  statements(peer: string): Statements {
    return this.#statements.of(peer);
  }

  /** Whether `peer` is not asked for an item because it says that our limits do not let it in. */
  refuses(peer: string, id: Uint8Array): boolean {
    return this.#running?.fetcher.refuses(peer, id) ?? false;
  }

  /** Whether closing the connection to the peer would spoil a fetch of ours, a session or its catch-up. */
  busyWith(peer: string): boolean {
    const { fetcher, services } = this.#running ?? {};
    if (fetcher?.asks(peer) === true || services?.reconcile.runs(peer) === true) return true;
    const record = this.#peers.get(peer);
    return record !== undefined && getsMany(record, this.#init.clock.now());
  }

  get peers(): readonly PeerRecord[] {
    return this.#peers.all();
  }

  /**
   * Both sides' current sets are known to be equal (see `PeerRecord.equalAt`). Never while there is
   * no index: what it will hold is not known then.
   */
  inSync(peer: string): boolean {
    const { replica } = this.#init;
    const record = this.#peers.get(peer);
    if (record?.connected !== true || record.equalAt !== replica.version) return false;
    return this.#init.replica.indexed;
  }

  /** Every connected peer has had a session since it connected. */
  get firstRoundEnded(): boolean {
    return this.#peers.connectedOnes.every(({ sessions }) => sessions > 0);
  }

  start(services: ReplicatorServices): void {
    const { clock, random, replica, logger } = this.#init;
    const options = this.#options;
    const { fetch } = services;
    const disbelieved = (peer: string): void => this.#running?.sessions.disbelieved(peer);
    const fetcher = new Fetcher({
      wanted: this.#wanted,
      replica,
      fetch,
      clock,
      logger,
      options,
      disbelieved,
    });
    const sessions = this.#makeSessions(services, fetcher);
    const scheduler = new SessionScheduler({
      clock,
      random,
      ...options,
      run: async (peer) => this.#usable() && sessions.run(peer),
      inSync: (peer) => this.inSync(peer),
      told: (peer) => this.#toldByPush(peer),
      busy: () => this.#arrivals.worthWaiting(fetcher.busy || sessions.catchingUp),
    });
    this.#running = { services, scheduler, sessions, fetcher };
    const committed = (added: readonly ItemKey[]): void => {
      // Made once for all: that costs more than most of what is done with them.
      const keys = added.map(({ id }) => bytesToKey(id));
      if (this.#wanted.stored(keys)) this.#arrivals.came();
      fetcher.committed(added);
      this.#statements.stored(keys);
      sessions.stored(keys);
      this.#told.committed(replica.version, keys);
      services.announce?.stored(added);
      scheduler.changed();
    };
    // A damaged item has left the set, so a session finds that it is missing.
    this.#unsubscribe = [replica.onCommit(committed), replica.onDamaged(() => this.#changed())];
    for (const { peer } of this.#peers.connectedOnes) this.#attach(peer);
    this.#keeper.start();
  }

  /** Stores items of one's own and tells the mesh of them; see `Replica.put`. */
  put(items: readonly NewItem[]): Promise<PutResult[]> {
    return this.#own.put(items);
  }

  /** Runs a session with one peer, or with every connected one; each report as it ended. */
  async sync(peer?: string): Promise<SessionReport[]> {
    const { sessions } = this.#running ?? {};
    if (sessions === undefined) return [];
    const connected = this.#peers.connectedOnes.map((record) => record.peer);
    const targets = peer === undefined ? connected : [peer];
    return Promise.all(targets.map((target) => sessions.sync(target)));
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#recovery.stop();
    this.#running?.scheduler.stop();
    this.#running?.sessions.stop();
    await this.#running?.fetcher.stop();
    await this.#push.stop();
    await this.#keeper.stop();
    this.#running = null;
  }

  /** The set changed in a way that push does not tell of. */
  #changed(): void {
    this.#told.changed(this.#init.replica.version);
    this.#running?.scheduler.changed();
  }

  /** What was announced has not become part of the set: whoever heard of it is ahead of us. */
  #astray(): void {
    for (const { peer } of this.#peers.connectedOnes) this.#peers.differs(peer);
    this.#changed();
  }

  /** All changes since the last session with the peer were pushed, and it gets what is pushed. */
  #toldByPush(peer: string): boolean {
    if (!this.#told.heardBy(this.#peers.get(peer))) return false;
    return this.#running?.services.announce?.reaches(peer) ?? false;
  }

  /** The publisher has what was missed; else whoever passed on what came after. */
  #gap({ publisher, from }: Gap): void {
    const connected = this.#peers.get(publisher)?.connected === true;
    this.#running?.scheduler.gap(connected ? publisher : from);
  }

  /** Without an index there is nothing to compare; sessions are asked for again when there is. */
  #usable(): boolean {
    const { indexed } = this.#init.replica;
    if (!indexed) this.#recovery.watch();
    return indexed;
  }

  #makeSessions({ reconcile }: ReplicatorServices, fetcher: Fetcher): Sessions {
    const { clock, logger } = this.#init;
    return new Sessions({
      ...this.#options,
      clock,
      logger,
      wanted: this.#wanted,
      reconcile: (peer, scope) =>
        scope === undefined ? reconcile.reconcile(peer) : reconcile.reconcile(peer, scope),
      peers: () => this.#peers.connectedOnes.length,
      busy: () => this.#arrivals.worthWaiting(fetcher.busy),
      believed: (peer) => fetcher.room(peer) > 0,
      paused: () => fetcher.paused !== null,
      caughtUp: () => this.#running?.scheduler.changed(),
    });
  }

  #judge(peer: string, theirs: Outline): boolean {
    return this.#running?.sessions.judge(peer, theirs, this.#init.replica.size) ?? true;
  }

  #peerConnected(peer: string): void {
    this.#met++;
    this.#peers.connected(peer);
    this.#attach(peer);
  }

  #attach(peer: string): void {
    this.#running?.fetcher.connected(peer);
    this.#running?.scheduler.connected(peer);
  }

  #peerDisconnected(peer: string): void {
    this.#peers.disconnected(peer);
    this.#statements.disconnected(peer);
    this.#running?.scheduler.disconnected(peer);
    this.#running?.sessions.disconnected(peer);
    this.#running?.fetcher.disconnected(peer);
  }

  /** What was stored since the session took its snapshot is no longer missing; what we refuse is not wanted. */
  #missing(peer: string, ids: readonly Uint8Array[]): void {
    // Also of a peer that is gone: its session may yet end as proved.
    if (this.#running?.sessions.overSlice(peer) !== true) this.#statements.learnt(peer, ids);
    if (this.#peers.get(peer)?.connected !== true) return;
    this.#peers.differs(peer);
    const lacking = ids.filter((id) => !this.#here(id) && !this.refuses(peer, id));
    const wanted = lacking.slice(0, this.#room(peer));
    this.#wanted.add(peer, wanted);
    this.#running?.sessions.learnt(peer, wanted);
    this.#wants();
  }

  /** New ids are wanted. */
  #wants(): void {
    this.#keeper.touch();
    this.#running?.fetcher.pump();
  }

  #room(peer: string): number {
    return this.#running?.fetcher.room(peer) ?? Number.POSITIVE_INFINITY;
  }

  #here(id: Uint8Array): boolean {
    return isHeld(this.#init.replica, id) || this.#push.arriving(id);
  }

  #ended(report: SessionReport): void {
    const { replica } = this.#init;
    this.#peers.ended(report);
    if (this.#running?.sessions.overSlice(report.peer) !== true) {
      this.#statements.ended(report, (key) => isHeld(replica, keyToBytes(key)));
    }
    this.#running?.sessions.ended(report);
    this.#running?.scheduler.ended(report.peer, outcome(report));
    this.#running?.fetcher.listed(report.peer);
    const { error, version, continueFrom } = report;
    const stale = version !== replica.version;
    const stopped = continueFrom !== null && settledBoth(report);
    if (stopped || (stale && error === null)) this.#running?.scheduler.changed();
    const wanted = this.#wanted.size - this.#wanted.orphans;
    const { peers, refused } = this;
    if (error === null) this.#refill.ended(report, { peers, wanted, refused });
    else if (isOwnTrouble(error)) this.#recovery.watch();
  }
}
