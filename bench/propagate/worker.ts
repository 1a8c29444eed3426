import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../support/crew.ts';
import { BareGossip } from './bare.ts';
import { Daemons } from './daemons.ts';
import { libraryNode, TOPIC, tunedNode } from './gossip-nodes.ts';
import type { Load } from './load.ts';
import type { Kind } from './mesh.ts';

/** Some of the nodes of a mesh, all of one kind, in a process of their own. */
const folder = await mkdtemp(join(process.env.BENCH_DIR ?? tmpdir(), 'rangemesh-bench-'));
const kinds = {
  daemons: () => new Daemons(folder),
  library: () => new BareGossip(TOPIC, libraryNode),
  tuned: () => new BareGossip(TOPIC, tunedNode),
};
let running: Daemons | BareGossip | undefined;

serve(
  {
    start: ({ kind, nodes }: { kind: Kind; nodes: number[] }) => {
      running = kinds[kind]();
      return running.start(nodes);
    },
    dial: ({ node, address }: { node: number; address: string }) => running?.dial(node, address),
    ready: (degree: number) => running?.ready(degree),
    run: (load: Load) => running?.run(load),
    moments: () => running?.moments(),
    totals: () => running?.totals(),
  },
  async () => {
    await running?.stop();
    await rm(folder, { recursive: true, force: true });
  },
);
