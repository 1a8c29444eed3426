import { pino } from 'pino';
import { Penalties, penaltyObserver } from '../../../src/daemon/penalties/index.ts';
import type { ReplicatorObserver } from '../../../src/daemon/replicator/index.ts';
import {
  commonware,
  type Dialect,
  nativeDialect,
  type Serve,
  type ServeRange,
} from '../../../src/protocol/index.ts';
import {
  type Clock,
  ID_BYTES,
  type Random,
  type RangePage,
  type Replica,
} from '../../../src/store/index.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { FaultyDisk } from '../../support/faulty-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import type { MemoryNetwork } from '../../support/memory-network.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { type SimulatedNode, startNode } from '../simulated-node.ts';
import { arrayDatabase } from './array-level.ts';
import { FeedReader } from './feed-reader.ts';
import { FlightWatch } from './flight-watch.ts';
import { History } from './history.ts';
import { MortalClock } from './mortal-clock.ts';
import { PenaltyWatch } from './penalty-watch.ts';
import type { Plan, PlannedNode } from './plan.ts';
import type { StreamWatch } from './stream-watch.ts';

const VERSIONS = { native: 4, 'native 2': 2, 'native 1': 1 } as const;

/** Bytes free on a disk that is not full. */
const ROOMY = 2 ** 40;

export interface SwarmNodeInit {
  readonly number: number;
  readonly plan: Plan;
  readonly clock: Clock;
  readonly random: Random & { once(times: number): boolean };
  readonly network: MemoryNetwork;
  /** Whether the peer does as nodes do. */
  readonly isHonest: (peer: string) => boolean;
  /** The node closes its connection to a peer. */
  readonly cutOff: (peer: string) => void;
  readonly violated: (property: string, node: string, seen: string) => void;
  readonly note: (line: string) => void;
  /** Hears of the sessions and items of each run. */
  readonly observer: (node: SwarmNode) => Partial<ReplicatorObserver>;
}

/** A node of a swarm: its disk and its history stay, its runs come and go. */
export class SwarmNode {
  readonly id: string;
  readonly planned: PlannedNode;
  readonly history: History = new History();
  readonly disk: FaultyDisk;
  readonly space: FakeDisk = new FakeDisk();
  readonly feed: FeedReader;
  readonly flights: FlightWatch;
  readonly penalties: PenaltyWatch;
  /** Of the run under way. */
  streams: StreamWatch | null = null;
  aheadMs: number;
  /** A record of its index was lost: nothing need have read it since. */
  damaged = false;
  /** Set while it is down for good or for a while. */
  down = false;
  #init: SwarmNodeInit;
  #clock: MortalClock;
  #node: SimulatedNode | null = null;
  #wants: Uint8Array | null = null;
  #commit = 0;

  constructor(init: SwarmNodeInit) {
    const { number, plan } = init;
    this.#init = init;
    this.id = `n${String(number).padStart(3, '0')}`;
    this.planned = plan.nodes[number]!;
    this.aheadMs = this.planned.aheadMs;
    this.disk = new FaultyDisk(plan.database === 'array' ? arrayDatabase : memoryDatabase);
    this.#clock = this.#newClock();
    const { batchMs } = plan;
    if (batchMs > 0) {
      const longest = batchMs;
      this.disk.takes = () =>
        new Promise((resolve) => init.clock.after(longest * init.random.fraction(), resolve));
    }
    const violated = (property: string, seen: string): void =>
      init.violated(property, this.id, seen);
    this.feed = new FeedReader({ history: this.history, violated });
    this.flights = new FlightWatch({ options: plan.options, violated });
    const { minPeers } = plan.penalties;
    const { isHonest, clock } = init;
    this.penalties = new PenaltyWatch({ isHonest, clock, minPeers, violated });
  }

  /** The run under way; null while it is down or on its way up. */
  get node(): SimulatedNode | null {
    return this.#node;
  }

  /** Starts a run; resolves with it, or with null where it was killed meanwhile. Rejects if it cannot start. */
  async start(): Promise<SimulatedNode | null> {
    const { network, plan, random } = this.#init;
    const clock = this.#newClock();
    this.#clock = clock;
    this.flights.begin();
    const penalties: Penalties = new Penalties({
      clock,
      logger: pino({ level: 'silent' }),
      options: plan.penalties,
      connected: () => this.connectedPeers,
      named: () => false,
      cutOff: this.#init.cutOff,
      observer: this.penalties.begin(
        () => penalties,
        () => this.connectedPeers,
      ),
    });
    const node = await startNode({
      id: this.id,
      network: network.node(this.id),
      clock,
      random,
      options: { ...plan.options, push: plan.push, ...plan.session },
      // Two of three nodes take items in sessions; the other asks for ids alone.
      itemBytes: Number(this.id.slice(1)) % 3 === 2 ? 0 : 512,
      dialects: this.planned.dialects.map((name) => dialectOf(name, plan, random)),
      observers: [penaltyObserver(penalties), this.#init.observer(this)],
      store: this.#store(),
      ...(this.planned.streams && { rangeOf: (replica) => this.#inParts(replica) }),
      ...(this.planned.maxAge > 0 && { retention: { maxAge: this.planned.maxAge } }),
      wantsFile: {
        load: async () => this.#wants,
        save: async (record) => {
          if (!clock.dead) this.#wants = record;
        },
      },
      overFetch: (fetch) => this.flights.over(fetch),
      ...(this.planned.lies && { overServe: (serve) => this.#lying(serve) }),
    });
    if (clock.dead) return null;
    this.#node = node;
    return node;
  }

  /** Whether the run that is under way now goes on. */
  get aliveNow(): () => boolean {
    const clock = this.#clock;
    return () => !clock.dead;
  }

  /** Its client reads the order of arrival with each commit, and not with each look alone. */
  get eager(): boolean {
    return this.#init.number % 2 === 0;
  }

  /** Its client reads what has arrived. */
  follow(): void {
    if (this.#node !== null) this.feed.follow(this.#node.replica, this.aliveNow);
  }

  get connectedPeers(): string[] {
    return this.#node?.replicator.peers.connectedOnes.map(({ peer }) => peer) ?? [];
  }

  /** Ends the run at once; of its batches that are not synced a part stays. */
  kill(keep: number): void {
    this.#clock.kill();
    this.#node = null;
    this.disk.cutPower(keep);
    this.feed.ended();
    this.#init.network.kill(this.id);
  }

  /** Ends the run in order. */
  async stop(): Promise<void> {
    const node = this.#node;
    this.#node = null;
    await node?.stop();
    this.#clock.kill();
    this.feed.ended();
    this.#init.network.kill(this.id);
  }

  fill(full: boolean): void {
    this.space.free = full ? 0 : ROOMY;
    this.disk.stuck = full ? new Error('IO error: No space left on device') : null;
  }

  lock(locked: boolean): void {
    const error = locked ? new Error('IO error: Read-only file system') : null;
    this.space.readOnly = error;
    this.disk.stuck = error;
  }

  #newClock(): MortalClock {
    return new MortalClock(this.#init.clock, () => this.aheadMs);
  }

  #store() {
    const { plan, random } = this.#init;
    return {
      open: this.disk.process(),
      disk: this.space,
      scheme: wideSum,
      index: plan.index,
      random,
      scrub: { itemsPerSecond: plan.scrub, maxDamagedPerHour: 1_000 },
      witness: {
        read: async () => this.#commit,
        write: (commit: number) => {
          this.#commit = commit;
        },
      },
    };
  }

  #inParts(replica: Replica): ServeRange {
    const { plan, random } = this.#init;
    return async (range) => {
      const maxItems = Math.min(range.maxItems, plan.partItems);
      const page = await replica.range({ ...range, maxItems });
      return this.planned.lies && random.once(4) ? withoutFirst(page) : page;
    };
  }

  #lying(serve: Serve): Serve {
    return async (ids, limits) => {
      const served = await serve(ids, limits);
      return served.map((answer) => {
        if (answer === undefined || !('payload' in answer) || !this.#init.random.once(4)) {
          return answer;
        }
        return { ...answer, payload: answer.payload.map((byte) => byte ^ 1) };
      });
    };
  }
}

/** A page that leaves out an item, and does not say so. */
function withoutFirst({ ids, records, end }: RangePage): RangePage {
  return { ids: ids.slice(ID_BYTES), records: records.slice(1), end };
}

function dialectOf(
  name: PlannedNode['dialects'][number],
  { limits }: Plan,
  random: Random,
): Dialect {
  if (name === 'commonware') return commonware;
  return nativeDialect({ random, limits, version: VERSIONS[name] });
}
