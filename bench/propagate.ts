import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Totals } from './propagate/daemons.ts';
import type { Moments } from './propagate/load.ts';
import { round } from './support/child.ts';
import { Member } from './support/crew.ts';

const NODES = 16;
const PROCESSES = 4;
/** Each node dials those so many places on, so each has twice as many peers. */
const STEPS = [1, 3, 5];
const PUTS_PER_SECOND = 50;
/** Run by both before it counts: code that has just been loaded is slow, and a daemon runs for weeks. */
const WARM_UP_SECONDS = 15;
/** The two take turns, and medians over all turns count: a slow moment of the machine spoils few of them. */
const SLICES = 8;
const QUIET_MS = 4_000;
const WORKER = new URL('./propagate/worker.ts', import.meta.url);

type Kind = 'daemons' | 'bare';

interface Recorded {
  readonly called: Moments;
  readonly sent: Moments;
  readonly arrived: Moments;
}

/**
 * `bench -- propagate [--json] [--seconds N]`: how long a new item takes to be on the disk of every
 * other node, from the moment its put was acknowledged, beside how long bare gossipsub takes to
 * deliver the same messages in the same processes. Percentiles are medians of those of the slices;
 * `allP99Ms` and `gossipAllP99Ms` are of everything together. What is counted besides (`duplicateRatio`,
 * `gaps`, `reconciled`, `lost`) includes the warm-up.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '20' },
    },
  });
  const crew = Array.from({ length: PROCESSES }, () => new Member(WORKER));
  try {
    const figures = await new Mesh(crew, Number(values.seconds)).measure();
    if (values.json) console.log(JSON.stringify(figures));
    else console.table(figures);
  } finally {
    await Promise.all(crew.map((member) => member.end()));
  }
}

class Mesh {
  readonly #crew: readonly Member[];
  readonly #seconds: number;
  #next = 0;

  constructor(crew: readonly Member[], seconds: number) {
    this.#crew = crew;
    this.#seconds = seconds;
  }

  async measure(): Promise<object> {
    await this.#build('bare');
    await this.#build('daemons');
    await this.#slice(WARM_UP_SECONDS);
    const begins: number[] = [];
    for (let slice = 0; slice < SLICES; slice++) {
      begins.push(this.#next);
      await this.#slice(this.#seconds / SLICES);
    }
    const lost = await this.#settle((await this.#recorded('daemons')).sent.length);
    const totals = await this.#totals();
    const daemons = since(begins[0]!, await this.#recorded('daemons'));
    const bare = since(begins[0]!, await this.#recorded('bare'));
    const latency = new Latencies(latencies(daemons.sent, daemons.arrived), begins);
    const fromCall = new Latencies(latencies(daemons.called, daemons.arrived), begins);
    const gossip = new Latencies(latencies(bare.sent, bare.arrived), begins);
    const sum = (of: (node: Totals) => number) => totals.reduce((all, node) => all + of(node), 0);
    return {
      bench: 'propagate',
      nodes: NODES,
      degree: 2 * STEPS.length,
      items: daemons.sent.length,
      p50Ms: latency.percentile(0.5),
      p99Ms: latency.percentile(0.99),
      allP99Ms: latency.overall(0.99),
      maxMs: latency.overall(1),
      p99FromCallMs: fromCall.percentile(0.99),
      gossipP50Ms: gossip.percentile(0.5),
      gossipP99Ms: gossip.percentile(0.99),
      gossipAllP99Ms: gossip.overall(0.99),
      p99OverGossip: round(latency.percentile(0.99) / gossip.percentile(0.99), 2),
      gossipLost: bare.sent.length * (NODES - 1) - gossip.count,
      duplicateRatio: round(sum((node) => node.duplicates) / sum((node) => node.messages), 2),
      gaps: sum((node) => node.gaps),
      /** Copies that did not come by push. */
      reconciled: sum((node) => node.items - node.own - node.pushed),
      lost,
    };
  }

  /** Starts the nodes, a few in each process, and joins them. */
  async #build(kind: Kind): Promise<void> {
    const addresses: Record<number, string> = {};
    for (const [i, member] of this.#crew.entries()) {
      const nodes = Array.from({ length: NODES }, (_, node) => node).filter(
        (node) => node % PROCESSES === i,
      );
      Object.assign(addresses, await member.call('start', { kind, nodes }));
    }
    for (let node = 0; node < NODES; node++) {
      for (const step of STEPS) {
        const address = addresses[(node + step) % NODES];
        await this.#at(node).call('dial', { kind, node, address });
      }
    }
    await this.#until(() => this.#ready(kind));
    // Some heartbeats for gossip to choose its links.
    await pause(3_000);
  }

  async #ready(kind: Kind): Promise<boolean> {
    const degree = 2 * STEPS.length;
    const ready = await Promise.all(
      this.#crew.map((member) => member.call<boolean>('ready', { kind, degree })),
    );
    return ready.every(Boolean);
  }

  async #slice(seconds: number): Promise<void> {
    for (const kind of ['bare', 'daemons'] as const) {
      await this.#run(kind, seconds);
      // What is under way, and the sessions that make sure, are not to meet what comes next.
      await pause(QUIET_MS);
    }
  }

  async #run(kind: Kind, seconds: number): Promise<void> {
    const perSecond = PUTS_PER_SECOND / PROCESSES;
    await Promise.all(
      this.#crew.map((member, i) => {
        // A part of an item is made up for by the others.
        const count = Math.floor(seconds * perSecond + i / PROCESSES);
        const first = this.#next;
        this.#next += count;
        const afterMs = (1_000 * i) / PUTS_PER_SECOND;
        return member.call('run', { kind, load: { first, count, perSecond, afterMs } });
      }),
    );
  }

  /** Waits until every node has everything; how many copies are still missing after a minute. */
  async #settle(items: number): Promise<number> {
    const missing = async () =>
      (await this.#totals()).reduce((sum, node) => sum + items - node.items, 0);
    await this.#until(async () => (await missing()) === 0, 60_000);
    return missing();
  }

  async #until(condition: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
    const end = performance.now() + limitMs;
    while (!(await condition()) && performance.now() < end) await pause(200);
  }

  async #totals(): Promise<Totals[]> {
    return (await Promise.all(this.#crew.map((member) => member.call<Totals[]>('totals')))).flat();
  }

  async #recorded(kind: Kind): Promise<Recorded> {
    const parts = await Promise.all(
      this.#crew.map((member) => member.call<Recorded>('moments', kind)),
    );
    return {
      called: parts.flatMap(({ called }) => called),
      sent: parts.flatMap(({ sent }) => sent),
      arrived: parts.flatMap(({ arrived }) => arrived),
    };
  }

  #at(node: number): Member {
    return this.#crew[node % PROCESSES]!;
  }
}

/** What was recorded of the items from a number on. */
function since(first: number, { called, sent, arrived }: Recorded): Recorded {
  const counts = ([number]: Moments[number]): boolean => number >= first;
  return {
    called: called.filter(counts),
    sent: sent.filter(counts),
    arrived: arrived.filter(counts),
  };
}

interface Latency {
  /** Of the item. */
  readonly number: number;
  readonly ms: number;
}

/** From the sending of each item to its arrival at each other node. */
function latencies(sent: Moments, arrived: Moments): Latency[] {
  const begins = new Map(sent.map(([number, node, at]) => [number, { node, at }]));
  return arrived
    .filter(([number, node]) => begins.has(number) && begins.get(number)!.node !== node)
    .map(([number, , at]) => ({ number, ms: (at - begins.get(number)!.at) / 1_000 }));
}

/** Latencies by slice; `begins` are the numbers of the first item of each. */
class Latencies {
  readonly #all: readonly number[];
  readonly #slices: readonly (readonly number[])[];

  constructor(latencies: readonly Latency[], begins: readonly number[]) {
    this.#all = inOrder(latencies);
    this.#slices = begins.map((begin, i) => {
      const end = begins[i + 1] ?? Number.POSITIVE_INFINITY;
      return inOrder(latencies.filter(({ number }) => number >= begin && number < end));
    });
  }

  get count(): number {
    return this.#all.length;
  }

  /** The median of what it is in each slice. */
  percentile(part: number): number {
    const each = this.#slices.map((slice) => percentile(slice, part)).sort((a, b) => a - b);
    const middle = each.length / 2;
    return round((each[Math.ceil(middle) - 1]! + each[Math.floor(middle)]!) / 2, 2);
  }

  overall(part: number): number {
    return percentile(this.#all, part);
  }
}

function inOrder(latencies: readonly Latency[]): number[] {
  return latencies.map(({ ms }) => ms).sort((a, b) => a - b);
}

function percentile(sorted: readonly number[], part: number): number {
  return round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0, 2);
}
