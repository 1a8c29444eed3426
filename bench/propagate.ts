import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Totals } from './propagate/daemons.ts';
import { Latencies } from './propagate/latencies.ts';
import { DEGREE, type Kind, Mesh, NODES } from './propagate/mesh.ts';
import { round, withDirectory } from './support/child.ts';
import { until } from './support/until.ts';

/** Run by all before it counts: code that has just been loaded is slow, and a daemon runs for weeks. */
const WARM_UP_SECONDS = 2;
/** The kinds take turns, and medians over all turns count: a slow moment of the machine spoils few. */
const SLICE_SECONDS = 2;
/** What is under way is not to meet what comes next: daemons run sessions two seconds after the last item. */
const QUIET_MS: Readonly<Record<Kind, number>> = { library: 500, tuned: 500, daemons: 3_000 };
/** Copies that have not come by then are lost. */
const SETTLE_MS = 60_000;

/**
 * `bench -- propagate [--json] [--seconds N]`, N for each kind of nodes: how long a new item takes to be on the disk of every
 * other node, from the moment its put was acknowledged (`FromCall`: was called), beside how long bare
 * gossipsub takes to deliver messages of the same size and number. Percentiles are medians of those of
 * the slices; those that begin with `all` are of everything together. `gossip` is gossipsub and libp2p
 * as they come, `tunedGossip` the same as the daemon sets them up. What is counted besides
 * (`duplicateRatio`, `gaps`, `reconciled`, `lost`) includes the warm-up.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '4' },
    },
  });
  await withDirectory(async (folder) => {
    const run = new Run(Number(values.seconds));
    try {
      const figures = await run.measure(folder);
      if (values.json) console.log(JSON.stringify(figures));
      else console.table(figures);
    } finally {
      await run.end();
    }
  });
}

class Run {
  readonly #meshes: Record<Kind, Mesh> = {
    library: new Mesh('library'),
    tuned: new Mesh('tuned'),
    daemons: new Mesh('daemons'),
  };
  readonly #order: Kind[] = ['library', 'tuned', 'daemons'];
  readonly #seconds: number;
  #next = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  async measure(folder: string): Promise<object> {
    for (const mesh of Object.values(this.#meshes)) await mesh.build(folder);
    await this.#slice(WARM_UP_SECONDS);
    const begins: number[] = [];
    const slices = Math.max(1, Math.round(this.#seconds / SLICE_SECONDS));
    for (let slice = 0; slice < slices; slice++) {
      begins.push(this.#next);
      await this.#slice(this.#seconds / slices);
    }
    return this.#figures(begins);
  }

  async end(): Promise<void> {
    await Promise.all(Object.values(this.#meshes).map((mesh) => mesh.end()));
  }

  async #slice(seconds: number): Promise<void> {
    const first = this.#next;
    // None always comes first, as the machine may grow slower or quicker meanwhile.
    this.#order.push(this.#order.shift()!);
    for (const kind of this.#order) {
      this.#next = await this.#meshes[kind].run(first, seconds);
      await pause(QUIET_MS[kind]);
    }
  }

  async #figures(begins: readonly number[]): Promise<object> {
    const lost = await this.#settle();
    const totals = await this.#meshes.daemons.totals();
    const daemons = await this.#meshes.daemons.recorded();
    const latency = new Latencies(daemons.sent, daemons.arrived, begins);
    const fromCall = new Latencies(daemons.called, daemons.arrived, begins);
    const [gossip, tuned] = await Promise.all([
      this.#gossip('library', begins),
      this.#gossip('tuned', begins),
    ]);
    const items = this.#next - begins[0]!;
    const sum = (of: (node: Totals) => number) => totals.reduce((all, node) => all + of(node), 0);
    return {
      bench: 'propagate',
      nodes: NODES,
      degree: DEGREE,
      items,
      p50Ms: latency.percentile(0.5),
      p99Ms: latency.percentile(0.99),
      allP99Ms: latency.overall(0.99),
      maxMs: latency.overall(1),
      p99FromCallMs: fromCall.percentile(0.99),
      gossipP50Ms: gossip.percentile(0.5),
      gossipP99Ms: gossip.percentile(0.99),
      gossipAllP99Ms: gossip.overall(0.99),
      p99OverGossip: round(latency.percentile(0.99) / gossip.percentile(0.99), 2),
      gossipLost: items * (NODES - 1) - gossip.count,
      tunedGossipP50Ms: tuned.percentile(0.5),
      tunedGossipP99Ms: tuned.percentile(0.99),
      tunedGossipAllP99Ms: tuned.overall(0.99),
      p99FromCallOverGossip: round(fromCall.percentile(0.99) / gossip.percentile(0.99), 2),
      tunedGossipLost: items * (NODES - 1) - tuned.count,
      p99OverTunedGossip: round(latency.percentile(0.99) / tuned.percentile(0.99), 2),
      duplicateRatio: round(sum((node) => node.duplicates) / sum((node) => node.messages), 2),
      gaps: sum((node) => node.gaps),
      /** Copies that did not come by push. */
      reconciled: sum((node) => node.items - node.own - node.pushed),
      lost,
    };
  }

  async #gossip(kind: Kind, begins: readonly number[]): Promise<Latencies> {
    const { sent, arrived } = await this.#meshes[kind].recorded();
    return new Latencies(sent, arrived, begins);
  }

  /** Waits until every node has everything; how many copies are still missing at the end. */
  async #settle(): Promise<number> {
    const missing = async () =>
      (await this.#meshes.daemons.totals()).reduce((sum, node) => sum + this.#next - node.items, 0);
    const lacking = async () => ((await missing()) === 0 ? null : `${await missing()} copies`);
    await until('every node has every item', lacking, SETTLE_MS).catch(({ message }) =>
      console.error(message),
    );
    return missing();
  }
}
