import {
  type Outline,
  type ReconcileEvents,
  ReconciliationSet,
  type SessionReport,
  settledBoth,
} from '../../protocol/index.ts';
import { bytesToKey, type ItemKey, keyToBytes } from '../../store/index.ts';
import { Fetcher } from './fetching/index.ts';
import type { ReplicatorInit, ReplicatorServices } from './init.ts';
import { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from './options.ts';
import { getsMany, PeerRecords } from './peers.ts';
import { isHeld, OwnItems, Push, PushCoverage } from './push/index.ts';
import {
  Arrivals,
  isOwnTrouble,
  outcome,
  PeerStatements,
  SessionScheduler,
  Sessions,
} from './scheduling/index.ts';
import { IndexWait, Refill, WantsKeeper } from './upkeep/index.ts';
import { type Why, why } from './why.ts';

/**
 * Keeps the replica equal to its peers': sessions find what is missing, the ReconciliationSet
 * gathers it over all peers, the fetcher gets each item from one of them. Tells each part of the
 * sessions and commits that concern it. The parts exist from the beginning, because the services are
 * made with them. They run from `start`, which gets the services, to `stop`; each is called once.
 */
export class Replicator implements ReconcileEvents {
  readonly peers: PeerRecords;
  readonly statements: PeerStatements = new PeerStatements();
  /** Ids known to be missing here. */
  readonly wanted: ReconciliationSet;
  readonly fetcher: Fetcher;
  readonly sessions: Sessions;
  readonly ownItems: OwnItems;
  /** Handed to the announce service when that is made. */
  readonly push: Push;
  readonly #init: ReplicatorInit;
  readonly #options: ReplicatorOptions;
  readonly #coverage = new PushCoverage();
  readonly #arrivals: Arrivals;
  readonly #keeper: WantsKeeper;
  readonly #indexWait: IndexWait;
  readonly #scheduler: SessionScheduler;
  readonly #refill: Refill;
  #services: ReplicatorServices | null = null;
  #unsubscribe: (() => void)[] = [];

  constructor(init: ReplicatorInit) {
    const { clock, replica, wantsFile: file = null } = init;
    const options = { ...DEFAULT_REPLICATOR_OPTIONS, ...init.options };
    const changed = (): void => this.#changed();
    const pump = (): void => this.fetcher.pump();
    const coverage = this.#coverage;
    const wanted = new ReconciliationSet({ now: () => clock.now(), mirrored: pump });
    const peers = new PeerRecords({ replica });
    const shared = { ...init, ...options, options, wanted, peers };
    const fetcher = new Fetcher({
      ...shared,
      disbelieved: (peer) => this.sessions.disbelieved(peer),
    });
    const keeper = new WantsKeeper({
      ...shared,
      file,
      holds: (id) => isHeld(replica, id),
      restored: pump,
    });
    const arrivals = new Arrivals(init);
    const indexWait = new IndexWait({ ...init, ready: changed });
    const sessions = new Sessions({
      ...shared,
      fetcher,
      arrivals,
      indexWait,
      caughtUp: () => this.#scheduler.changed(),
    });
    const { refused } = fetcher;
    const ownItems = new OwnItems({ replica, peers, coverage, changed });
    const scheduler = new SessionScheduler({ ...shared, sessions, pushed: ownItems });
    const push = new Push({ ...shared, keeper, fetcher, refused, scheduler, coverage });
    this.#init = init;
    this.#options = options;
    this.wanted = wanted;
    this.peers = peers;
    this.fetcher = fetcher;
    this.#keeper = keeper;
    this.#arrivals = arrivals;
    this.#indexWait = indexWait;
    this.sessions = sessions;
    this.ownItems = ownItems;
    this.#scheduler = scheduler;
    this.push = push;
    this.#refill = new Refill(init);
  }

  peerConnected(peer: string): void {
    for (const part of [this.peers, this.fetcher, this.#scheduler]) part.connected(peer);
  }

  peerDisconnected(peer: string): void {
    const { peers, statements, sessions, fetcher } = this;
    const parts = [peers, statements, this.#scheduler, sessions, fetcher];
    for (const part of parts) part.disconnected(peer);
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

  /** Items stored since the session took its snapshot are not missing; refused items are not wanted. */
  missing(peer: string, ids: readonly Uint8Array[]): void {
    const { peers, statements, sessions, fetcher, wanted } = this;
    // Also of a peer that is gone: its session may yet end as proved.
    if (!sessions.overSlice(peer)) statements.learnt(peer, ids);
    if (peers.get(peer)?.connected !== true) return;
    peers.differs(peer);
    const lacking = ids.filter((id) => !this.#here(id) && !fetcher.refused.hasFrom(peer, id));
    const believed = lacking.slice(0, fetcher.room(peer));
    wanted.add(peer, believed);
    sessions.learnt(peer, believed);
    this.#keeper.touch();
    fetcher.pump();
  }

  ended(report: SessionReport): void {
    const { peers, statements, sessions, fetcher } = this;
    const { replica } = this.#init;
    const { peer, error, version, continueFrom } = report;
    peers.ended(report);
    if (!sessions.overSlice(peer)) {
      statements.ended(report, (key) => isHeld(replica, keyToBytes(key)));
    }
    sessions.ended(report);
    this.#scheduler.ended(peer, outcome(report));
    fetcher.listed(peer);
    const stale = version !== replica.version;
    const stopped = continueFrom !== null && settledBoth(report);
    if (stopped || (stale && error === null)) this.#scheduler.changed();
    if (error === null) this.#refilled(report);
    else if (isOwnTrouble(error)) this.#indexWait.watch();
  }

  /** Why an item is not here. */
  why(id: Uint8Array): Why {
    const { wanted, fetcher } = this;
    const { expireAfterMs } = this.#options;
    return why(id, { wanted, refused: fetcher.refused, keeper: this.#keeper, expireAfterMs });
  }

  /** Whether closing the connection to the peer would spoil a fetch of ours, a session or its catch-up. */
  busyWith(peer: string): boolean {
    if (this.fetcher.asks(peer) || this.#services?.reconcile.runs(peer) === true) return true;
    const record = this.peers.get(peer);
    return record !== undefined && getsMany(record, this.#init.clock.now());
  }

  start(services: ReplicatorServices): void {
    const { reconcile, fetch, announce = null } = services;
    const { replica } = this.#init;
    this.#services = services;
    // A damaged item has left the set, so a session finds that it is missing.
    this.#unsubscribe = [
      replica.onCommit((added) => this.#committed(added)),
      replica.onDamaged(() => this.#changed()),
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
    this.sessions.stop();
    await this.fetcher.stop();
    await this.push.stop();
    await this.#keeper.stop();
    this.#services = null;
  }

  #committed(added: readonly ItemKey[]): void {
    // Made once for all parts: it costs more than most of their work.
    const keys = added.map(({ id }) => bytesToKey(id));
    if (this.wanted.stored(keys)) this.#arrivals.came();
    this.fetcher.committed(added);
    this.statements.stored(keys);
    this.sessions.stored(keys);
    this.#coverage.committed(this.#init.replica.version, keys);
    this.#services?.announce?.stored(added);
    this.#scheduler.changed();
  }

  /** The set changed in a way that push does not tell of. */
  #changed(): void {
    this.#coverage.changed(this.#init.replica.version);
    this.#scheduler.changed();
  }

  #refilled(report: SessionReport): void {
    const { peers, wanted, fetcher } = this;
    const missing = wanted.size - wanted.orphans;
    this.#refill.ended(report, {
      peers: peers.all(),
      wanted: missing,
      refused: fetcher.refused.size,
    });
  }

  #here(id: Uint8Array): boolean {
    return isHeld(this.#init.replica, id) || this.push.arriving(id);
  }
}
