import { ReconciliationSet } from '../../protocol/index.ts';
import { bytesToKey, type ItemKey } from '../../store/index.ts';
import { Fetcher } from './fetching/index.ts';
import type { ReplicatorInit, ReplicatorServices } from './init.ts';
import { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from './options.ts';
import { getsMany, PeerRecords } from './peers.ts';
import { isHeld, OwnItems, Push, PushCoverage } from './push/index.ts';
import { Arrivals, PeerStatements, SessionScheduler, Sessions } from './scheduling/index.ts';
import { SessionEvents } from './session-events.ts';
import { IndexWait, Refill, WantsKeeper } from './upkeep/index.ts';
import { type Why, why } from './why.ts';

/**
 * Keeps the replica equal to its peers': sessions find what is missing, the ReconciliationSet
 * gathers it over all peers, the fetcher gets each item from one of them. The parts exist from the
 * beginning, because the services are made with `events` and `push`. They run from `start`, which
 * gets the services, to `stop`; each is called once.
 */
export class Replicator {
  readonly peers: PeerRecords;
  readonly statements: PeerStatements = new PeerStatements();
  /** Ids known to be missing here. */
  readonly wanted: ReconciliationSet;
  readonly fetcher: Fetcher;
  readonly sessions: Sessions;
  readonly ownItems: OwnItems;
  /** Handed to the announce service when that is made. */
  readonly push: Push;
  /** Handed to the reconciliation service when that is made. */
  readonly events: SessionEvents;
  readonly #init: ReplicatorInit;
  readonly #options: ReplicatorOptions;
  readonly #coverage = new PushCoverage();
  readonly #arrivals: Arrivals;
  readonly #keeper: WantsKeeper;
  readonly #indexWait: IndexWait;
  readonly #scheduler: SessionScheduler;
  #services: ReplicatorServices | null = null;
  #unsubscribe: (() => void)[] = [];

  constructor(init: ReplicatorInit) {
    const { clock, replica, wantsFile: file = null } = init;
    const options = { ...DEFAULT_REPLICATOR_OPTIONS, ...init.options };
    const changed = (): void => this.#changed();
    const pump = (): void => this.fetcher.pump();
    const { statements } = this;
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
    const ownItems = new OwnItems({ replica, peers, coverage, changed });
    const scheduler = new SessionScheduler({ ...shared, sessions, pushed: ownItems });
    const push = new Push({ ...shared, keeper, fetcher, scheduler, coverage });
    const refill = new Refill(init);
    const parts = { statements, keeper, fetcher, sessions, scheduler, push, indexWait, refill };
    this.events = new SessionEvents({ ...shared, ...parts });
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
  }

  /** Why an item is not here. */
  why(id: Uint8Array): Why {
    const { wanted, fetcher } = this;
    const { expireAfterMs } = this.#options;
    return why(id, { wanted, fetcher, keeper: this.#keeper, expireAfterMs });
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
    // Made once for all: that costs more than most of what is done with them.
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
}
