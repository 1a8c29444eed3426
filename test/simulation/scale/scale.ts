import { nativeDialect } from '../../../src/protocol/index.ts';
import { bytesToKey } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';
import { QuickRandom } from '../../support/quick-random.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { type SimulatedNode, startNode } from '../simulated-node.ts';
import { arrayDatabase } from '../swarm/array-level.ts';

export interface ScaleInit {
  readonly seed: string;
  readonly nodes: number;
  readonly degree: number;
  readonly itemsPerMinute: number;
  readonly minutes: number;
  /** Part of the nodes that stop each minute, and start again after `DOWN_MS`. */
  readonly churn: number;
  readonly push: boolean;
}

export interface ScaleResult extends ScaleInit {
  readonly items: number;
  /** Items that each node holds at the end. */
  readonly everywhere: number;
  /** Milliseconds from a put until the last node held the item: of half of them, of 99 in 100, of all. */
  readonly spreadMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly sessionsPerNodeMinute: number;
  readonly roundsPerSession: number;
  /** Bytes of sessions that a node sends in a minute. */
  readonly sessionBytesPerNodeMinute: number;
  /** Payload bytes that a node receives in answers, for each payload byte of the items. */
  readonly fetchedShare: number;
  /** Messages of gossip that a node hears for each item. */
  readonly copiesPerItem: number;
  /** Most ids that one node wanted at a time. */
  readonly worstWants: number;
  readonly cpuSeconds: number;
}

const PAYLOAD_BYTES = 200;
const DOWN_MS = 10_000;
const LOOK_MS = 1_000;
/** Within which the last items must be everywhere. */
const LATEST_MS = 300_000;

interface Spreading {
  readonly at: number;
  nodes: number;
  last: number;
}

/** A mesh of equal links, whose nodes write at even intervals under virtual time. */
export class ScaledMesh {
  readonly #init: ScaleInit;
  readonly #clock = new VirtualClock();
  readonly #random: QuickRandom;
  readonly #network: MemoryNetwork;
  readonly #nodes: (SimulatedNode | null)[] = [];
  readonly #links: (readonly [number, number])[];
  readonly #spreading = new Map<string, Spreading>();
  readonly #sums = { sessions: 0, rounds: 0, sent: 0, copies: 0, fetched: 0 };
  #worstWants = 0;

  constructor(init: ScaleInit) {
    this.#init = init;
    this.#random = new QuickRandom(`scale ${init.seed}`);
    this.#network = new MemoryNetwork({ clock: this.#clock, random: this.#random });
    this.#links = linksOf(init, this.#random);
  }

  async run(): Promise<ScaleResult> {
    const { minutes, nodes, churn } = this.#init;
    const disks = Array.from({ length: nodes }, arrayDatabase);
    for (let i = 0; i < nodes; i++) await this.#start(i, disks[i]!);
    for (const ends of this.#links) this.#join(ends);
    const putEvery = 60_000 / this.#init.itemsPerMinute;
    for (let at = putEvery; at <= minutes * 60_000; at += putEvery) {
      this.#clock.after(at, () => this.#put());
    }
    const stops = Math.round(churn * nodes * minutes);
    for (let i = 1; i <= stops; i++) {
      this.#clock.after((i * minutes * 60_000) / (stops + 1), () => this.#leave(disks));
    }
    const before = process.cpuUsage();
    await this.#pass(minutes * 60_000);
    for (let ms = 0; ms < LATEST_MS && !this.#isDone; ms += LOOK_MS) await this.#pass(LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    return this.#result((user + system) / 1e6);
  }

  get #isDone(): boolean {
    const { nodes } = this.#init;
    return [...this.#spreading.values()].every((item) => item.nodes === nodes);
  }

  async #pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      await this.#clock.advance(LOOK_MS);
      for (const node of this.#nodes) {
        this.#worstWants = Math.max(this.#worstWants, node?.replicator.wanted.size ?? 0);
      }
    }
  }

  async #start(number: number, disk: ReturnType<typeof arrayDatabase>): Promise<void> {
    const sums = this.#sums;
    const random = this.#random;
    const id = nameOf(number);
    const node = await startNode({
      ...{ id, random, clock: this.#clock, network: this.#network.node(id) },
      options: { push: this.#init.push },
      dialects: [nativeDialect({ random })],
      store: { database: disk, scheme: wideSum },
      observers: [
        {
          sessionEnded({ role, rounds, bytesSent }) {
            sums.sent += bytesSent;
            if (role !== 'initiator') return;
            sums.sessions++;
            sums.rounds += rounds;
          },
        },
      ],
    });
    this.#nodes[number] = node;
    node.replica.onCommit((added) => {
      const now = this.#clock.monotonic();
      for (const key of added) {
        const item = bytesToKey(key.id);
        const spreading = this.#spreading.get(item) ?? { at: now, nodes: 0, last: now };
        this.#spreading.set(item, spreading);
        spreading.nodes++;
        spreading.last = now;
      }
    });
  }

  #join([a, b]: readonly [number, number]): void {
    if (this.#nodes[a] === null || this.#nodes[b] === null) return;
    const latencyMs = 10 + ((a * 31 + b * 17) % 91);
    this.#network.connect(nameOf(a), nameOf(b), { latencyMs, bytesPerMs: 12_500 });
  }

  #put(): void {
    const up = this.#nodes.filter((node) => node !== null);
    const payload = this.#random.bytes(PAYLOAD_BYTES);
    void this.#random.of(up).put({ hint: BigInt(this.#clock.now()), payload });
  }

  /** A node stops, and starts again with what lies on its disk. */
  #leave(disks: readonly ReturnType<typeof arrayDatabase>[]): void {
    const number = this.#random.below(this.#nodes.length);
    const node = this.#nodes[number];
    if (node === null || node === undefined) return;
    this.#nodes[number] = null;
    this.#count(node);
    void node.stop().then(() => {
      this.#network.kill(nameOf(number));
      this.#clock.after(DOWN_MS, () => {
        void this.#start(number, disks[number]!).then(() => {
          for (const ends of this.#links) if (ends.includes(number)) this.#join(ends);
        });
      });
    });
  }

  /** Adds what the services of a run have counted. */
  #count({ gossip, fetch }: SimulatedNode): void {
    this.#sums.fetched += fetch.totals.receivedBytes;
    this.#sums.copies += gossip?.copiesOfAll ?? 0;
  }

  #result(cpuSeconds: number): ScaleResult {
    for (const node of this.#nodes) if (node !== null) this.#count(node);
    const { nodes, minutes } = this.#init;
    const { sessions, rounds, sent, copies, fetched } = this.#sums;
    const all = [...this.#spreading.values()];
    const spread = all.map(({ at, last }) => last - at).sort((a, b) => a - b);
    const at = (part: number): number => Math.round(spread[Math.ceil(part * spread.length) - 1]!);
    const nodeMinutes = nodes * Math.max(minutes, this.#clock.monotonic() / 60_000);
    return {
      ...this.#init,
      items: all.length,
      everywhere: all.filter((item) => item.nodes === nodes).length,
      spreadMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
      sessionsPerNodeMinute: sessions / nodeMinutes,
      roundsPerSession: rounds / sessions,
      sessionBytesPerNodeMinute: sent / nodeMinutes,
      fetchedShare: fetched / (nodes * all.length * PAYLOAD_BYTES),
      copiesPerItem: copies / (nodes * all.length),
      worstWants: this.#worstWants,
      cpuSeconds,
    };
  }
}

function nameOf(number: number): string {
  return `n${String(number).padStart(4, '0')}`;
}

/** Rings over all nodes in random orders, so that each node has as many links as `degree`, but for pairs twice. */
function linksOf({ nodes, degree }: ScaleInit, random: QuickRandom): (readonly [number, number])[] {
  const pairs = new Map<string, readonly [number, number]>();
  for (let ring = 0; ring < degree / 2; ring++) {
    const order = [...Array(nodes).keys()];
    for (let i = nodes - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
    for (const [i, a] of order.entries()) {
      const b = order[(i + 1) % nodes]!;
      if (a !== b) pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [a, b]);
    }
  }
  return [...pairs.values()];
}
