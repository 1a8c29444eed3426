import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { caughtUp, loopOf, WATCHED } from '../foreground/busy-node.ts';
import { type CallLatencies, Calls, READ_ITEMS } from '../foreground/calls.ts';
import { inChild } from '../support/child.ts';
import { peakRssMb } from '../support/memory.ts';
import { metricsOf, sumOf, WIRE_BYTES } from '../support/metrics.ts';
import { type BenchNode, joinNodes, startNode, stopNode } from '../support/node.ts';
import { cpuSecondsOfAll } from '../support/processor.ts';

/** A look costs the node a fingerprint of its whole set: few of them until it is nearly there. */
const LOOK_EVERY_MS = 500;
const LOOK_NEAR_MS = 50;
/** Code that has just been loaded is slow. */
const WARM_MS = 2_000;
/** Past it a run has failed. */
const LIMIT_MS = 600_000;

/** Of the node that comes to hold everything. */
export interface CatchUpFigures {
  readonly seconds: number;
  /** On its connections, encrypted, in both directions, since it was started. */
  readonly wireBytes: number;
  /** Items that were streamed. */
  readonly streamed: number;
  readonly receiver: SideFigures;
  readonly senders: SideFigures;
}

/** Of the node that comes to hold everything, or of all others. */
interface SideFigures {
  /** Seconds of the processor, of all threads, since the nodes were joined. */
  readonly cpuSeconds: number;
  /** Most memory of one node since its start. */
  readonly rssMb: number;
}

/** Of a node that clients ask during a catch-up. */
export interface AskedFigures extends CallLatencies {
  /** Longest delay of its event loop. */
  readonly loopMaxMs: number;
}

const STREAMED = /^rangemesh_range_items_total (\d+)$/gm;

/** Daemons over TCP: some that hold everything, and one that comes to it. */
export class BenchMesh {
  readonly #directory: string;
  readonly #items: number;
  readonly #payloadBytes: number;
  #full: BenchNode[] = [];
  #runs = 0;

  constructor(directory: string, items: number, payloadBytes: number) {
    this.#directory = directory;
    this.#items = items;
    this.#payloadBytes = payloadBytes;
  }

  async start(peers: number): Promise<void> {
    const filled = join(this.#directory, 'filled');
    const fill = new URL('./fill-main.ts', import.meta.url);
    await inChild(fill, filled, String(this.#items), String(this.#payloadBytes));
    for (let i = 0; i < peers; i++) {
      const copy = join(this.#directory, `full-${i}`);
      await cp(filled, copy, { recursive: true });
      this.#full.push(await startNode({ dataDir: copy }));
    }
  }

  async stop(): Promise<void> {
    for (const node of this.#full) await stopNode(node, 'SIGKILL');
    this.#full = [];
  }

  /** Payload bytes that the full peers have sent. */
  async sentBytes(): Promise<number> {
    const statuses = await Promise.all(this.#full.map(({ client }) => client.status()));
    return statuses.reduce((sum, { transfer }) => sum + transfer.sentBytes, 0);
  }

  /** An empty node comes to hold everything; `killAt`: kill it at so many items, and start it again. */
  async catchUp(killAt?: number): Promise<CatchUpFigures> {
    const directory = join(this.#directory, `empty-${this.#runs++}`);
    const begin = performance.now();
    if (killAt !== undefined) {
      const first = await this.#join(directory);
      try {
        await holding(first, killAt);
      } finally {
        await stopNode(first, 'SIGKILL');
      }
    }
    const before = await cpuOf(this.#full);
    const node = await this.#join(directory);
    const joined = performance.now();
    const joinedCpu = await cpuOf([node]);
    try {
      await holding(node, this.#items);
      const seconds = (performance.now() - (killAt === undefined ? joined : begin)) / 1_000;
      const receiver = await sideOf([node], joinedCpu);
      const senders = await sideOf(this.#full, before);
      const text = await metricsOf(node);
      const [wireBytes, streamed] = [sumOf(text, WIRE_BYTES), sumOf(text, STREAMED)];
      return { seconds, wireBytes, streamed, receiver, senders };
    } finally {
      await stopNode(node, 'SIGTERM');
    }
  }

  /** A catch-up while clients ask the empty node and one of its peers for items, and put some. */
  async catchUpAsked(): Promise<Readonly<Record<'receiver' | 'sender', AskedFigures>>> {
    const [first, ...others] = this.#full;
    await stopNode(first!, 'SIGTERM');
    const { dataDir } = first!.daemon;
    const sender = await startNode({ dataDir, execArgv: WATCHED });
    this.#full = [sender, ...others];
    const directory = join(this.#directory, `empty-${this.#runs++}`);
    const receiver = await startNode({ dataDir: directory, execArgv: WATCHED });
    try {
      const nodes = [receiver, sender];
      const calls = [await Calls.prepare(receiver), await Calls.prepare(sender)];
      await Promise.all(calls.map((one) => one.during(pause(WARM_MS))));
      for (const node of nodes) await loopOf(node);
      for (const full of this.#full) await joinNodes(receiver, full);
      const caught = caughtUp(receiver, () => this.#items + READ_ITEMS);
      const taken = await Promise.all(calls.map((one) => one.during(caught)));
      for (const one of calls) one.close();
      const [here, there] = await Promise.all(nodes.map(loopOf));
      return {
        receiver: { ...taken[0]!, loopMaxMs: here!.loopMaxMs },
        sender: { ...taken[1]!, loopMaxMs: there!.loopMaxMs },
      };
    } finally {
      await stopNode(receiver, 'SIGKILL');
    }
  }

  /** Starts an empty node and tells it of all the others. */
  async #join(directory: string): Promise<BenchNode> {
    const node = await startNode({ dataDir: directory });
    try {
      for (const full of this.#full) await joinNodes(node, full);
      return node;
    } catch (error) {
      await stopNode(node, 'SIGKILL');
      throw error;
    }
  }
}

function cpuOf(nodes: readonly BenchNode[]): Promise<number> {
  return cpuSecondsOfAll(nodes.map(({ daemon }) => daemon.pid));
}

async function sideOf(nodes: readonly BenchNode[], before: number): Promise<SideFigures> {
  const peaks = await Promise.all(nodes.map(({ daemon }) => peakRssMb(daemon.pid)));
  return { cpuSeconds: (await cpuOf(nodes)) - before, rssMb: Math.max(...peaks) };
}

async function holding({ client }: BenchNode, items: number): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const { set } = await client.status();
    if (set.items >= items) return;
    if (performance.now() > end) throw new Error(`not within ${LIMIT_MS} ms: ${set.items}`);
    await pause(set.items < 0.85 * items ? LOOK_EVERY_MS : LOOK_NEAR_MS);
  }
}
