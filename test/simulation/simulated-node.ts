import { pino } from 'pino';
import { type GuardCheck, guardOf, hintCheck } from '../../src/daemon/guard/index.ts';
import {
  Replicator,
  type ReplicatorObserver,
  type ReplicatorOptions,
  type WantsFile,
} from '../../src/daemon/replicator/index.ts';
import { AcceptedHints, Pruner } from '../../src/daemon/retention/index.ts';
import {
  DEFAULT_HINT_OPTIONS,
  DEFAULT_RETENTION_OPTIONS,
  type RetentionOptions,
} from '../../src/daemon/retention/options.ts';
import {
  AnnounceService,
  type Dialect,
  type Fetch,
  FetchService,
  type Network,
  ReconcileService,
  RootHistory,
  type Serve,
  type ServeRange,
  type SessionReport,
} from '../../src/protocol/index.ts';
import {
  type Clock,
  type NewItem,
  type Random,
  Replica,
  type ReplicaInit,
  type Snapshot,
} from '../../src/store/index.ts';
import { FakeDisk } from '../support/fake-disk.ts';
import { MemoryGossip } from '../support/memory-gossip.ts';
import { oneByOne } from '../support/one-by-one.ts';
import { wideSum } from '../support/wide-sum.ts';

const NETWORK_NAME = 'simulation';

/** One node of a simulated mesh: everything of a daemon but libp2p, HTTP and the real disk. */
export interface SimulatedNode {
  readonly id: string;
  readonly replica: Replica;
  readonly replicator: Replicator;
  readonly fetch: FetchService;
  /** As they ended. */
  readonly sessions: readonly SessionReport[];
  /** Null when nothing is pushed. */
  readonly gossip: MemoryGossip | null;
  /** As a client does: on disk, then announced. */
  put(item: NewItem): Promise<void>;
  /** Likewise in one call. */
  putAll(items: readonly NewItem[]): Promise<void>;
  stop(): Promise<void>;
  /** Null where everything is kept. */
  readonly pruner: Pruner | null;
}

export interface SimulationOptions extends Partial<ReplicatorOptions> {
  /** @default false */
  push?: boolean;
  /** Of a session (`SessionLimits`). */
  maxMissing?: number;
  /** Sessions at a time, in each direction. */
  maxSessions?: number;
  /** Of an answer, in a request for ids and in a stream alike (`FetchOptions`). */
  maxIdsPerRequest?: number;
}

/** What is different about one node. */
export interface Changes {
  /** The set it shows to others in sessions. */
  shows?: (snapshot: Snapshot) => Snapshot;
  /**
   * How it streams ranges.
   * @default not at all
   */
  rangeOf?: (replica: Replica) => ServeRange | null;
  /** How long it says its items are. */
  sizeOf?: (id: Uint8Array) => Promise<number>;
  /**
   * Milliseconds that it takes to serve an item.
   * @default none
   */
  servesAfterMs?: number;
  /** @default none */
  observers?: readonly Partial<ReplicatorObserver>[];
  /**
   * Milliseconds that its wall clock is ahead of the others, at each moment.
   * @default 0
   */
  aheadMs?: () => number;
  /**
   * What it keeps, as a daemon does.
   * @default everything
   */
  retention?: Partial<RetentionOptions>;
  /** Hears of each item that it is to take, before it decides. */
  asked?: GuardCheck['refusalOf'];
  /**
   * Its disk, its limits and what it keeps beside the set.
   * @default a terabyte in memory, no limits, nothing
   */
  store?: Partial<ReplicaInit>;
  /** Keeps the want list over a restart. */
  wantsFile?: WantsFile;
  /**
   * Longest payload that it takes in place of an id.
   * @default 0: it is sent ids alone, and sends ids alone
   */
  itemBytes?: number;
  /** The dialects that it speaks, if not those of the mesh. */
  dialects?: readonly Dialect[];
  /** Stands between the replicator and its requests. */
  overFetch?: (fetch: Fetch) => Fetch;
  /** Stands between the set and the peers that ask for items. */
  overServe?: (serve: Serve) => Serve;
}

export interface StartInit extends Changes {
  id: string;
  network: Network;
  clock: Clock;
  random: Random;
  options: SimulationOptions;
  dialects: readonly Dialect[];
}

/** Opens the set, makes the parts of a daemon over it and starts them. */
export async function startNode(init: StartInit): Promise<SimulatedNode> {
  const { id, network, random, dialects, shows, rangeOf, observers = [], itemBytes = 0 } = init;
  const clock = clockOf(init);
  const { push = false, maxMissing, maxSessions, maxIdsPerRequest, ...options } = init.options;
  const disk = new FakeDisk();
  const replica = await Replica.open({ clock, disk, scheme: wideSum, ...init.store });
  const logger = pino({ level: 'silent' });
  const { accepted, pruner, guard } = keepingOf(init, replica, clock);
  const { wantsFile = null } = init;
  const of = { replica, guard, clock, random, logger, options, observers, wantsFile };
  const replicator = new Replicator(of);
  const sessions: SessionReport[] = [];
  const ended = replicator.ended.bind(replicator);
  replicator.ended = (report) => {
    sessions.push(report);
    ended(report);
  };
  const history = new RootHistory({ scheme: wideSum });
  replica.onCommit((added) => history.added(added));
  const reconcile = new ReconcileService(network, {
    clock,
    networkName: NETWORK_NAME,
    dialects,
    refuses: (peer, wanted) => replicator.fetcher.refuses(peer, wanted),
    options: {
      limits: maxMissing === undefined ? {} : { maxMissing },
      itemBytes,
      ...(maxSessions !== undefined && { maxSessions }),
    },
    snapshot() {
      const snapshot = replica.snapshot();
      const accepts = accepted?.interval;
      const held = {
        snapshot: shows?.(snapshot) ?? snapshot,
        version: replica.version,
        history: history.now(),
        shortItem: (id: Uint8Array, maxBytes: number) =>
          itemBytes > 0 ? replica.short(id, maxBytes) : undefined,
      };
      return accepts === undefined ? held : { ...held, accepts };
    },
    events: replicator,
  });
  const serving = servingOf(init, replica, clock);
  const fetch = new FetchService(network, {
    clock,
    networkName: NETWORK_NAME,
    serve: serving.serve,
    serveRange: rangeOf?.(replica) ?? null,
    random,
    ...(maxIdsPerRequest !== undefined && { options: { maxIdsPerRequest } }),
  });
  const gossip = push ? new MemoryGossip(network) : null;
  const announce =
    gossip &&
    new AnnounceService(gossip, {
      clock,
      random,
      networkName: NETWORK_NAME,
      events: replicator.push,
    });
  await fetch.start();
  await reconcile.start();
  await gossip?.start();
  replicator.start({ reconcile, fetch: init.overFetch?.(fetch) ?? fetch, announce });
  announce?.start();
  pruner?.start();
  const putAll = async (items: readonly NewItem[]) => {
    await replicator.ownItems.put(items);
  };
  const put = (item: NewItem) => putAll([item]);
  const stop = async () => {
    serving.stop();
    await pruner?.stop();
    await announce?.stop();
    await gossip?.stop();
    await replicator.stop();
    await reconcile.stop();
    await fetch.stop();
    await replica.close();
  };
  return { id, replica, replicator, fetch, gossip, put, putAll, sessions, stop, pruner };
}

/** How it serves items to peers. */
function servingOf(
  { servesAfterMs, sizeOf, overServe = (serve) => serve }: StartInit,
  replica: Replica,
  clock: Clock,
) {
  let stopping = false;
  const slowly = async (wanted: Uint8Array) => {
    if (servesAfterMs !== undefined && !stopping) {
      await new Promise<void>((resolve) => clock.after(servesAfterMs, resolve));
    }
    return replica.get(wanted);
  };
  const serve: Serve =
    servesAfterMs === undefined && sizeOf === undefined
      ? (ids, limits) => replica.serve(ids, limits)
      : oneByOne({ get: slowly, sizeOf });
  const stop = (): void => {
    stopping = true;
  };
  return { serve: overServe(serve), stop };
}

/** The clock of a node: timers are those of the mesh. */
function clockOf({ clock, aheadMs }: StartInit): Clock {
  if (aheadMs === undefined) return clock;
  return {
    now: () => clock.now() + aheadMs(),
    monotonic: () => clock.monotonic(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}

function keepingOf({ retention, asked }: StartInit, replica: Replica, clock: Clock) {
  if (retention === undefined) return { accepted: null, pruner: null, guard: guardOf([]) };
  const hints = { ...DEFAULT_HINT_OPTIONS, unit: 'milliseconds' } as const;
  const accepted = new AcceptedHints({ clock, retention: replica.retention, options: hints });
  const pruner = new Pruner({
    replica,
    clock,
    logger: pino({ level: 'silent' }),
    options: { ...DEFAULT_RETENTION_OPTIONS, ...retention },
  });
  const listening: GuardCheck = { refusalOf: (key, origin) => asked?.(key, origin) ?? null };
  return { accepted, pruner, guard: guardOf([listening, hintCheck(accepted)]) };
}
