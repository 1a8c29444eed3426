import { join } from 'node:path';
import { createLogger, type Daemon, loadConfig, startDaemon } from '../../src/daemon/index.ts';
import {
  systemClock,
  systemDisk,
  systemNetwork,
  systemRandom,
  systemWitness,
} from '../../src/daemon/system/index.ts';
import { generate, type Load, type Moments, now, payloadOf } from './load.ts';

/** What push did at one node, and what the set holds. */
export interface Totals {
  readonly node: number;
  readonly items: number;
  readonly own: number;
  readonly pushed: number;
  readonly messages: number;
  readonly duplicates: number;
  readonly gaps: number;
}

/** Daemons as they are, but for free ports and a small cache. */
export class Daemons {
  readonly #folder: string;
  readonly #daemons = new Map<number, Daemon>();
  readonly #own = new Map<number, number>();
  readonly #acknowledged: Moments = [];
  readonly #called: Moments = [];
  readonly #stored: Moments = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(nodes: readonly number[]): Promise<Record<number, string>> {
    const addresses: Record<number, string> = {};
    for (const node of nodes) {
      const daemon = await this.#startOne(node);
      addresses[node] = daemon.node.status().addresses[0]!;
    }
    return addresses;
  }

  dial(node: number, address: string): Promise<unknown> {
    return this.#daemons.get(node)!.node.dial(address);
  }

  /** Nodes that have so many peers, and a session with each behind them. */
  ready(degree: number): number {
    const inSync = [...this.#daemons.values()].map(
      ({ node }) => node.status().peers.filter((peer) => peer.inSync).length,
    );
    return inSync.filter((count) => count >= degree).length;
  }

  async run(load: Load): Promise<void> {
    const nodes = [...this.#daemons.keys()];
    await generate(load, async (number) => {
      const node = nodes[number % nodes.length]!;
      this.#own.set(node, (this.#own.get(node) ?? 0) + 1);
      this.#called.push([number, node, now()]);
      await this.#daemons.get(node)!.node.put(payloadOf(number), BigInt(number));
      this.#acknowledged.push([number, node, now()]);
    });
  }

  moments(): { called: Moments; sent: Moments; arrived: Moments } {
    return { called: this.#called, sent: this.#acknowledged, arrived: this.#stored };
  }

  totals(): Totals[] {
    return [...this.#daemons].map(([node, daemon]) => {
      const { set, push } = daemon.node.status();
      const { received: pushed = 0, messages = 0, duplicates = 0, gaps = 0 } = push ?? {};
      const own = this.#own.get(node) ?? 0;
      return { node, items: set.items, own, pushed, messages, duplicates, gaps };
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop()));
    this.#daemons.clear();
  }

  async #startOne(node: number): Promise<Daemon> {
    const daemon = await startDaemon({
      config: await configOf(join(this.#folder, `node-${node}`)),
      system: {
        clock: systemClock,
        random: systemRandom,
        network: systemNetwork,
        disk: systemDisk,
        witness: systemWitness,
      },
      logger: createLogger({ clock: systemClock, level: 'error' }),
    });
    daemon.replica.onCommit((added) => {
      const at = now();
      for (const { hint } of added) this.#stored.push([Number(hint), node, at]);
    });
    this.#daemons.set(node, daemon);
    return daemon;
  }
}

function configOf(dataDir: string) {
  const values: Record<string, string> = {
    'node.dataDir': dataDir,
    'network.listen': '/ip4/127.0.0.1/tcp/0',
    'network.discovery': 'false',
    'admin.port': '0',
    'scrub.itemsPerSecond': '0',
    'store.cacheBytes': '4MiB',
  };
  const flags = Object.entries(values).map(([path, value]) => ({ path, value, source: path }));
  return loadConfig({ cwd: dataDir, flags, read: () => Promise.reject(new Error('no file')) });
}
