import { commonware, type Dialect, nativeDialect } from '../../src/protocol/index.ts';
import { bytesToHex, type Random } from '../../src/store/index.ts';
import { VirtualClock } from '../support/clock.ts';
import { memoryDatabase } from '../support/memory-database.ts';
import { type LinkInit, MemoryNetwork } from '../support/memory-network.ts';
import { SeededRandom } from '../support/random.ts';
import {
  type Changes,
  type SimulatedNode,
  type SimulationOptions,
  type StartInit,
  startNode,
} from './simulated-node.ts';

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
      ...change,
      store: { database: memoryDatabase(), ...change.store },
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
