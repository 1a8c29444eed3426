import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AdminClient } from '../../scripts/support/admin-client.ts';
import { DaemonProcess } from '../../scripts/support/daemon-process.ts';
import { BOUNDS, heapGrowth, type Sample, usageOf } from './usage.ts';

const USAGE = fileURLToPath(new URL('./usage-on-request.ts', import.meta.url));
const SET = [
  ...['network.listen=/ip4/127.0.0.1/tcp/0', 'admin.port=0', 'sync.intervalMs=5000'],
  ...['store.bufferItems=16384', 'limits.minFreeBytes=0'],
];

export interface SoakInit {
  directory: string;
  minutes: number;
  nodes: number;
  putsPerSecond: number;
  /** Seconds from one end of a node to the next. */
  churnSeconds: number;
  sampleSeconds: number;
  onSample: (sample: Sample) => void;
}

interface Running {
  readonly daemon: DaemonProcess;
  readonly client: AdminClient;
}

/** Daemons under writes, of which one after the other ends, gently or not, and comes back. */
export class Soak {
  readonly #init: SoakInit;
  readonly #running = new Map<number, Running>();
  readonly #lives: number[];
  readonly #samples: Sample[] = [];
  #begin = 0;
  #puts = 0;
  #failedPuts = 0;
  #ends = 0;

  constructor(init: SoakInit) {
    this.#init = init;
    this.#lives = Array(init.nodes).fill(0);
  }

  get summary(): { puts: number; failedPuts: number; ends: number } {
    return { puts: this.#puts, failedPuts: this.#failedPuts, ends: this.#ends };
  }

  /** Resolves with what was out of proportion, or not as it should be at the end. */
  async run(): Promise<string[]> {
    for (let node = 0; node < this.#init.nodes; node++) await this.#start(node);
    this.#begin = performance.now();
    await Promise.all([this.#write(), this.#churn(), this.#sample()]);
    const equal = await this.#converge();
    for (const node of this.#running.keys()) await this.#look(node);
    return [...(equal ? [] : ['the sets are not equal at the end']), ...this.#findings()];
  }

  async stop(): Promise<void> {
    for (const { client, daemon } of this.#running.values()) {
      client.close();
      await daemon.stop('SIGKILL');
    }
  }

  get #over(): boolean {
    return this.#minute >= this.#init.minutes;
  }

  get #minute(): number {
    return (performance.now() - this.#begin) / 60_000;
  }

  /** Starts a node and joins it to all that run; most of them find others by that alone. */
  async #start(node: number): Promise<void> {
    const daemon = await DaemonProcess.start({
      dataDir: join(this.#init.directory, `node-${node}`),
      args: SET.flatMap((setting) => ['--set', setting]),
      execArgv: ['--expose-gc', '--import', USAGE],
    });
    const client = new AdminClient({ url: daemon.admin, token: await daemon.token() });
    for (const other of this.#running.values()) {
      const { addresses } = await other.client.status();
      await client.addPeer(addresses[0]!);
    }
    this.#running.set(node, { daemon, client });
  }

  async #write(): Promise<void> {
    const { putsPerSecond } = this.#init;
    const under = new Set<Promise<void>>();
    for (let i = 0; !this.#over; i++) {
      const due = this.#begin + (1_000 * i) / putsPerSecond;
      await pause(Math.max(0, due - performance.now()));
      const put = this.#put().finally(() => under.delete(put));
      under.add(put);
      if (under.size > 64) await Promise.race(under);
    }
    await Promise.all(under);
  }

  /** A node that is being ended refuses, or does not answer; that is what churn is. */
  async #put(): Promise<void> {
    const nodes = [...this.#running.values()];
    const length = randomInt(500) === 0 ? randomInt(200_000) : randomInt(1_000);
    try {
      await nodes[randomInt(nodes.length)]!.client.put(randomBytes(length));
      this.#puts++;
    } catch {
      this.#failedPuts++;
    }
  }

  /** The first node stays; each of the others has its turn. */
  async #churn(): Promise<void> {
    for (let turn = 0; ; turn++) {
      for (let waited = 0; waited < this.#init.churnSeconds && !this.#over; waited++) {
        await pause(1_000);
      }
      if (this.#over) return;
      const node = 1 + (turn % (this.#init.nodes - 1));
      const { daemon, client } = this.#running.get(node)!;
      this.#running.delete(node);
      this.#lives[node]!++;
      this.#ends++;
      await daemon.stop(turn % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      client.close();
      await pause(randomInt(5_000));
      await this.#start(node);
    }
  }

  async #sample(): Promise<void> {
    while (!this.#over) {
      await pause(1_000 * this.#init.sampleSeconds);
      for (const node of [...this.#running.keys()]) await this.#look(node);
    }
  }

  async #look(node: number): Promise<void> {
    const running = this.#running.get(node);
    if (running === undefined) return;
    const at = { minute: this.#minute, node, life: this.#lives[node]! };
    const gone = running.daemon.ended;
    const sample = await Promise.race([usageOf(running, at).catch(() => undefined), gone]);
    if (sample === undefined) return;
    this.#samples.push(sample);
    this.#init.onSample(sample);
  }

  async #converge(): Promise<boolean> {
    const end = performance.now() + 120_000;
    while (performance.now() < end) {
      const statuses = await Promise.all(
        [...this.#running.values()].map(({ client }) => client.status()),
      );
      const digests = new Set(statuses.map(({ set }) => set.fingerprint));
      const complete = statuses.every(({ set }) => set.items >= this.#puts);
      if (digests.size === 1 && complete) return true;
      await pause(500);
    }
    return false;
  }

  #findings(): string[] {
    const found: string[] = [];
    for (const sample of this.#samples) {
      for (const [what, bound] of Object.entries(BOUNDS)) {
        const { is, atMost } = bound(sample);
        if (is > atMost) found.push(`${named(sample)}: ${what}: ${is}, at most ${atMost | 0}`);
      }
    }
    const growth = heapGrowth(this.#samples.filter(({ node }) => node === 0));
    if (growth !== null && growth.is > growth.atMost) {
      found.push(`the heap of node 0 grew by ${growth.is} bytes, at most ${growth.atMost}`);
    }
    return found;
  }
}

function named({ node, minute }: Sample): string {
  return `node ${node} at ${minute.toFixed(1)} min`;
}
