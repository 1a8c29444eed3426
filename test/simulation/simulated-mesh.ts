import { pino } from 'pino';
import { type GuardCheck, guardOf, hintCheck } from '../../src/daemon/guard/index.ts';
import {
  Replicator,
  type ReplicatorObserver,
  type ReplicatorOptions,
} from '../../src/daemon/replicator/index.ts';
import { AcceptedHints, Pruner } from '../../src/daemon/retention/index.ts';
import {
  DEFAULT_HINT_OPTIONS,
  DEFAULT_RETENTION_OPTIONS,
  type RetentionOptions,
} from '../../src/daemon/retention/options.ts';
import {
  AnnounceService,
  commonware,
  type Dialect,
  FetchService,
  type Network,
  nativeDialect,
  ReconcileService,
  type ServeRange,
  type SessionReport,
} from '../../src/protocol/index.ts';
import {
  bytesToHex,
  type Clock,
  type Database,
  type NewItem,
  type Random,
  Replica,
  type Snapshot,
} from '../../src/store/index.ts';
import { VirtualClock } from '../support/clock.ts';
import { FakeDisk } from '../support/fake-disk.ts';
import { memoryDatabase } from '../support/memory-database.ts';
import { MemoryGossip } from '../support/memory-gossip.ts';
import { type LinkInit, MemoryNetwork } from '../support/memory-network.ts';
import { oneByOne } from '../support/one-by-one.ts';
import { SeededRandom } from '../support/random.ts';
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
  stop(): Promise<void>;
  /** Null where everything is kept. */
  readonly pruner: Pruner | null;
}

export interface SimulationOptions extends Partial<ReplicatorOptions> {
  /** @default false */
  push?: boolean;
  /** Of a session (`SessionLimits`). */
  maxMissing?: number;
}

/** Nodes in one process under virtual time; the seed decides everything that happens. */
export class SimulatedMesh {
  readonly clock: VirtualClock = new VirtualClock();
  readonly random: Random;
  readonly network: MemoryNetwork;
  readonly nodes: SimulatedNode[] = [];
  /** What happened, a line each. */
  readonly trace: string[] = [];
  readonly #options: SimulationOptions;
  readonly #dialects: readonly Dialect[];
  /** By node, what it was started with. */
  readonly #started = new Map<string, StartInit>();

  constructor(
    seed: string | number,
    options: SimulationOptions = {},
    dialect: 'native' | 'commonware' = 'native',
  ) {
    this.random = new SeededRandom(seed);
    this.#options = options;
    this.#dialects = [dialect === 'native' ? nativeDialect({ random: this.random }) : commonware];
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: this.random,
      trace: (line) => this.trace.push(`${this.clock.monotonic().toFixed(3)} ${line}`),
    });
  }

  async add(id: string, change: Changes = {}): Promise<SimulatedNode> {
    const init: StartInit = {
      id,
      network: this.network.node(id),
      clock: this.clock,
      random: this.random,
      options: this.#options,
      dialects: this.#dialects,
      database: memoryDatabase(),
      ...change,
    };
    this.#started.set(id, init);
    const node = await startNode(init);
    this.nodes.push(node);
    return node;
  }

  /** Stops a node, and starts it again with what lies on its disk. */
  async restart(index: number): Promise<SimulatedNode> {
    const { id, stop } = this.nodes[index]!;
    const stopped = stop();
    await this.clock.advance(1_000);
    await stopped;
    const node = await startNode(this.#started.get(id)!);
    this.nodes[index] = node;
    return node;
  }

  link(a: number, b: number, init: LinkInit = {}): void {
    this.network.connect(this.nodes[a]!.id, this.nodes[b]!.id, init);
  }

  /** A whole number from 0 up to, not including, `below`. */
  pick(below: number): number {
    return Math.floor(this.random.fraction() * below);
  }

  get equal(): boolean {
    const digests = this.nodes.map(({ replica }) => bytesToHex(replica.status().fingerprint!));
    return new Set(digests).size === 1;
  }

  /** Lets time pass until all sets are equal; false when they are not after `limitMs`. */
  async converge(limitMs: number, stepMs = 250): Promise<boolean> {
    for (let passed = 0; passed < limitMs && !this.equal; passed += stepMs) {
      await this.clock.advance(stepMs);
    }
    return this.equal;
  }

  async stop(): Promise<void> {
    const stopped = Promise.all(this.nodes.map((node) => node.stop()));
    await this.clock.advance(60_000);
    await stopped;
  }
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
}

interface StartInit extends Changes {
  id: string;
  database: Database;
  network: Network;
  clock: VirtualClock;
  random: Random;
  options: SimulationOptions;
  dialects: readonly Dialect[];
}

async function startNode(init: StartInit): Promise<SimulatedNode> {
  const { id, network, database, random, dialects, shows, sizeOf, servesAfterMs } = init;
  const { rangeOf, observers = [] } = init;
  const clock = clockOf(init);
  const { push = false, maxMissing, ...options } = init.options;
  const disk = new FakeDisk();
  const replica = await Replica.open({ database, clock, disk, scheme: wideSum });
  const logger = pino({ level: 'silent' });
  const { accepted, pruner, guard } = keepingOf(init, replica, clock);
  const replicator = new Replicator({ replica, guard, clock, random, logger, options, observers });
  const sessions: SessionReport[] = [];
  const ended = replicator.ended.bind(replicator);
  replicator.ended = (report) => {
    sessions.push(report);
    ended(report);
  };
  const reconcile = new ReconcileService(network, {
    clock,
    networkName: NETWORK_NAME,
    dialects,
    refuses: (peer, wanted) => replicator.fetcher.refuses(peer, wanted),
    options: { limits: maxMissing === undefined ? {} : { maxMissing } },
    snapshot() {
      const snapshot = replica.snapshot();
      const accepts = accepted?.interval;
      const held = { snapshot: shows?.(snapshot) ?? snapshot, version: replica.version };
      return accepts === undefined ? held : { ...held, accepts };
    },
    events: replicator,
  });
  let stopping = false;
  const slowly = async (wanted: Uint8Array) => {
    if (servesAfterMs !== undefined && !stopping) {
      await new Promise<void>((resolve) => clock.after(servesAfterMs, resolve));
    }
    return replica.get(wanted);
  };
  const fetch = new FetchService(network, {
    clock,
    networkName: NETWORK_NAME,
    serve:
      servesAfterMs === undefined && sizeOf === undefined
        ? (ids, limits) => replica.serve(ids, limits)
        : oneByOne({ get: slowly, sizeOf }),
    serveRange: rangeOf?.(replica) ?? null,
    random,
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
  replicator.start({ reconcile, fetch, announce });
  announce?.start();
  pruner?.start();
  const put = async (item: NewItem) => {
    await replicator.ownItems.put([item]);
  };
  const stop = async () => {
    stopping = true;
    await pruner?.stop();
    await announce?.stop();
    await gossip?.stop();
    await replicator.stop();
    await reconcile.stop();
    await fetch.stop();
    await replica.close();
  };
  return { id, replica, replicator, fetch, gossip, put, sessions, stop, pruner };
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
