import {
  type Comparison,
  type Interval,
  type Outline,
  type Reconcile,
  type ReconcileEvents,
  ReconciliationSet,
  reconciledBoth,
  type SessionReport,
} from '../../protocol/index.ts';
import { type ItemKey, keyToBytes, type VerifiedItem } from '../../store/index.ts';
import { guardOf } from '../guard/index.ts';
import { PeerGaps, SessionLog } from './explain/index.ts';
import { CommittedKeys, Fetcher } from './fetching/index.ts';
import { Findings } from './findings.ts';
import type { ReplicatorInit, ReplicatorServices } from './init.ts';
import { joined, type ReplicatorObserver } from './observer.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from './options.ts';
import { getsMany, PeerRecords } from './peers.ts';
import { isHeld, OwnItems, Push, PushCoverage } from './push/index.ts';
import { ReceivedRates } from './received-rates.ts';
import {
  Arrivals,
  isOwnTrouble,
  outcome,
  PeerStatements,
  ProofRenewal,
  SessionScheduler,
  Sessions,
} from './scheduling/index.ts';
import { IndexWait, OperatorRefusals, Refill, WantsKeeper } from './upkeep/index.ts';
import { Whys } from './why.ts';

/**
 * Makes the parts that keep the replica equal to those of the peers, and tells each part of the sessions
 * and commits that concern it. The services are made with the parts, so these exist from the beginning.
 * They run from `start`, which gets the services, to `stop`; each is called once.
 */
export class Replicator implements ReconcileEvents {
  readonly peers: PeerRecords;
  readonly statements: PeerStatements = new PeerStatements();
  /** Ids known to be missing here. */
  readonly wanted: ReconciliationSet;
  readonly fetcher: Fetcher;
  readonly sessions: Sessions;
  readonly proofs: ProofRenewal;
  readonly ownItems: OwnItems;
  readonly operatorRefusals: OperatorRefusals;
  readonly log: SessionLog = new SessionLog();
  readonly gaps: PeerGaps = new PeerGaps();
  readonly whys: Whys;
  /** Takes the events of the announce service. */
  readonly push: Push;
  readonly rates: ReceivedRates;
  readonly #coverage = new PushCoverage();
  readonly #findings: Findings;
  readonly #init: ReplicatorInit;
  readonly #observer: ReplicatorObserver;
  readonly #arrivals: Arrivals;
  readonly #keeper: WantsKeeper;
  readonly #indexWait: IndexWait;
  readonly #scheduler: SessionScheduler;
  readonly #refill: Refill;
  #services: ReplicatorServices | null = null;
  #unsubscribe: (() => void)[] = [];

  constructor(init: ReplicatorInit) {
    const { clock, replica, guard = guardOf([]), givesTo = () => true } = init;
    const { wantsFile: file = null } = init;
    const options = { ...DEFAULT_REPLICATOR_OPTIONS, ...init.options };
    const changed = (): void => this.#changed();
    const pump = (): void => this.fetcher.pump();
    const holds = (id: Uint8Array): boolean => isHeld(replica, id) || replica.refusals.has(id);
    const coverage = this.#coverage;
    const peers = new PeerRecords({ replica });
    const wanted = new ReconciliationSet({
      now: () => clock.now(),
      delivered: (peer) => this.fetcher.delivered(peer),
      mirrored: pump,
    });
    const observer = joined(init.observers ?? []);
    const rates = new ReceivedRates({
      ...options,
      clock,
      over: (way, code) => observer[way].refused(code),
    });
    const common = { ...init, ...options, options, guard };
    const shared = { ...common, observer, wanted, peers, coverage, rates };
    this.#init = init;
    this.rates = rates;
    this.#observer = observer;
    this.peers = peers;
    this.wanted = wanted;
    this.#arrivals = new Arrivals(init);
    this.#indexWait = new IndexWait({ ...init, ready: changed });
    this.#refill = new Refill(init);
    this.#keeper = new WantsKeeper({ ...shared, file, holds, restored: pump });
    this.fetcher = new Fetcher({
      ...shared,
      disbelieved: (peer) => this.sessions.disbelieved(peer),
      listed: (peer, ids) => this.missing(peer, ids),
    });
    this.whys = new Whys({ ...shared, keeper: this.#keeper, fetcher: this.fetcher });
    this.sessions = new Sessions({
      ...shared,
      fetcher: this.fetcher,
      arrivals: this.#arrivals,
      indexWait: this.#indexWait,
      caughtUp: () => this.#scheduler.changed(),
      oneWay: (peer) => !guard.takesFrom(peer) || !givesTo(peer) || !peers.terms(peer).gives,
    });
    const { statements } = this;
    this.proofs = new ProofRenewal({ ...shared, sessions: this.sessions, statements });
    this.ownItems = new OwnItems({ ...shared, changed });
    const { fetcher, sessions, ownItems } = this;
    const lookAgain = (): void => this.lookAgain();
    this.operatorRefusals = new OperatorRefusals({ ...shared, fetcher, lookAgain });
    this.#scheduler = new SessionScheduler({ ...shared, sessions, pushed: ownItems });
    const [keeper, scheduler] = [this.#keeper, this.#scheduler];
    this.push = new Push({ ...shared, keeper, fetcher, scheduler });
    const { proofs, push } = this;
    this.#findings = new Findings({
      ...shared,
      statements,
      sessions,
      fetcher,
      proofs,
      keeper,
      push,
    });
  }

  peerConnected(peer: string): void {
    const { peers, fetcher, proofs } = this;
    for (const part of [peers, fetcher, this.#scheduler, proofs]) part.connected(peer);
    this.#observer.peer(peer, 'connected');
  }

  peerDisconnected(peer: string): void {
    const { peers, statements, sessions, fetcher, proofs } = this;
    const parts = [peers, statements, this.#scheduler, proofs, sessions, fetcher, this.gaps];
    for (const part of parts) part.disconnected(peer);
    this.#observer.peer(peer, 'disconnected');
  }

  outlined(peer: string, outlines: NonNullable<SessionReport['outlines']>): void {
    this.sessions.outlined(peer, outlines);
  }

  judge(peer: string, theirs: Outline): boolean {
    return this.sessions.judge(peer, theirs, this.#init.replica.size);
  }

  differs(peer: string): void {
    this.peers.differs(peer);
  }

  missing(peer: string, ids: readonly Uint8Array[]): void {
    this.#findings.missing(peer, ids);
  }

  takesItems(peer: string): boolean {
    return this.#findings.takesItems(peer);
  }

  items(peer: string, items: readonly VerifiedItem[]): Promise<void> {
    return this.#findings.items(peer, items);
  }

  /** Whether an id is not fetched though the peer lists it. */
  refuses(peer: string, id: Uint8Array): boolean {
    return this.#findings.refuses(peer, id);
  }

  ended(report: SessionReport): void {
    const { peers, statements, sessions, fetcher } = this;
    const { replica } = this.#init;
    const { peer, error, version, continueFrom } = report;
    this.#observer.sessionEnded(report);
    peers.ended(report);
    if (peers.get(peer)?.connected === true) this.gaps.ended(report);
    this.log.note(report);
    if (!sessions.overSlice(peer)) {
      statements.ended(report, (key) => isHeld(replica, keyToBytes(key)));
    }
    sessions.ended(report);
    this.#scheduler.ended(peer, outcome(report));
    fetcher.listed(peer);
    const stale = version !== replica.version;
    const stopped = continueFrom !== null && reconciledBoth(report);
    if (stopped || (stale && error === null)) this.#scheduler.changed();
    if (error === null) this.#refilled(report);
    else if (isOwnTrouble(error)) this.#indexWait.watch();
  }

  named(peer: string, ids: Parameters<PeerGaps['named']>[1]): void {
    if (this.peers.get(peer)?.connected === true) this.gaps.named(peer, ids);
  }

  /** Items are taken that were not before: sessions look for them at all peers. */
  lookAgain(): void {
    if (this.#services === null) return;
    for (const { peer } of this.peers.connectedOnes) this.peers.differs(peer);
    // A mere change waits for a silence where pushed items have reached the peers.
    this.#scheduler.gap();
    this.proofs.changed();
  }

  /** Sessions under way. */
  get running(): Reconcile['running'] {
    return this.#services?.reconcile.running ?? [];
  }

  /** Names the keys that differ, and settles nothing here; the peer learns what it lacks. Never rejects. */
  async compare(
    peer: string,
    scope: { interval: Interval; found: Comparison },
  ): Promise<SessionReport | null> {
    const report = (await this.#services?.reconcile.reconcile(peer, scope)) ?? null;
    if (report !== null) this.log.note(report, 'compare');
    return report;
  }

  /** Forgets what is known of a peer that is not connected; false if there is nothing. */
  forget(peer: string): boolean {
    if (this.peers.get(peer)?.connected === true) return false;
    const { peers, statements, fetcher } = this;
    const parts = [peers, statements, fetcher.refused, fetcher.guarded];
    return parts.map((part) => part.forget(peer)).includes(true);
  }

  /** Whether closing the connection to the peer would spoil a fetch, a session or its catch-up. */
  busyWith(peer: string): boolean {
    if (this.fetcher.asks(peer) || this.#services?.reconcile.runs(peer) === true) return true;
    const record = this.peers.get(peer);
    return record !== undefined && getsMany(record, this.#init.clock.now());
  }

  start(services: ReplicatorServices): void {
    const { reconcile, fetch, announce = null } = services;
    const { replica } = this.#init;
    this.#services = services;
    // A damaged item has left the set, so a session finds that it is missing. A dropped one is on offer no more.
    this.#unsubscribe = [
      replica.onCommit((added) => this.#committed(added)),
      replica.onDamaged(() => this.#changed()),
      replica.onDropped(() => this.#changed()),
    ];
    this.ownItems.start(announce);
    this.sessions.start(reconcile);
    this.fetcher.start(fetch);
    this.#scheduler.start(this.peers.connectedOnes.map(({ peer }) => peer));
    this.#keeper.start();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#indexWait.stop();
    this.#scheduler.stop();
    this.proofs.stop();
    this.sessions.stop();
    await this.fetcher.stop();
    await this.push.stop();
    await this.#findings.stop();
    await this.#keeper.stop();
    this.#services = null;
  }

  #committed(added: readonly ItemKey[]): void {
    const keys = new CommittedKeys(added);
    const { version } = this.#init.replica;
    if (this.wanted.stored(keys)) this.#arrivals.came();
    this.fetcher.committed(added, keys);
    this.statements.stored(keys);
    this.sessions.stored(keys);
    this.#services?.announce?.stored(added);
    // Nearly all items of a catch-up come by other ways than push. A peer that connects later has a session first.
    if (this.sessions.catchingUp || this.peers.alone) this.#coverage.changed(version);
    else this.#coverage.committed(version, keys);
    this.#scheduler.changed();
    this.proofs.changed();
  }

  /** The set changed in a way that is not pushed. */
  #changed(): void {
    this.#coverage.changed(this.#init.replica.version);
    this.#scheduler.changed();
    this.proofs.changed();
  }

  #refilled(report: SessionReport): void {
    const { peers, wanted, fetcher } = this;
    const missing = wanted.size - wanted.orphans;
    const { size: refused } = fetcher.refused;
    this.#refill.ended(report, { peers: peers.all(), wanted: missing, refused });
  }
}
