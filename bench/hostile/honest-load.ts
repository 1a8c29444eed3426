import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { AdminClient } from '../../scripts/support/admin-client.ts';
import type { BenchNode } from '../support/node.ts';
import { longestWaitMs, waitedMs } from './watch.ts';

const EVERY_MS = 250;
const LOOK_EVERY_MS = 20;
/** An item that is not everywhere by then counts with this time. */
const LIMIT_MS = 30_000;

/** Puts at the honest peers in turn; each latency is the time until the other honest peers hold the item. */
export class HonestLoad {
  readonly #clients: readonly AdminClient[];
  readonly #pids: readonly number[];
  readonly #latencies: number[] = [];
  readonly #running: Promise<void>[] = [];
  #on = true;
  #next = 0;

  constructor(nodes: readonly BenchNode[]) {
    this.#clients = nodes.map(({ client }) => client);
    this.#pids = [process.pid, ...nodes.map(({ daemon }) => daemon.pid)];
  }

  async run(): Promise<void> {
    while (this.#on) {
      this.#running.push(this.#put(this.#next++ % this.#clients.length));
      await pause(EVERY_MS);
    }
  }

  /**
   * The 99th percentile of all puts, once all of them are everywhere: milliseconds without the longest time in
   * which an honest node or this process waited for a processor that others had.
   */
  async end(): Promise<number> {
    this.#on = false;
    await Promise.all(this.#running);
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))] ?? 0;
  }

  async #put(at: number): Promise<void> {
    const begin = performance.now();
    const limit = begin + LIMIT_MS;
    const before = await waitedMs(this.#pids);
    try {
      const { id } = await this.#clients[at]!.put(randomBytes(200));
      const others = this.#clients.filter((_, i) => i !== at);
      await Promise.all(others.map((client) => holds(client, id, limit)));
      const waited = longestWaitMs(before, await waitedMs(this.#pids));
      this.#latencies.push(Math.max(0, performance.now() - begin - waited));
    } catch {
      this.#latencies.push(LIMIT_MS);
    }
  }
}

async function holds(client: AdminClient, id: string, limit: number): Promise<void> {
  while (performance.now() < limit) {
    const { status } = await client.send('HEAD', `/v1/items/${id}`);
    if (status === 200) return;
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`${id} is not everywhere`);
}
