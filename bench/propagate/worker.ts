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
let daemons: Daemons | undefined;
let running: Daemons | BareGossip | undefined;
let folder: string | undefined;

async function create(kind: Kind): Promise<Daemons | BareGossip> {
  if (kind === 'library') return new BareGossip(TOPIC, libraryNode);
  if (kind === 'tuned') return new BareGossip(TOPIC, tunedNode);
  folder = await mkdtemp(join(process.env.BENCH_DIR ?? tmpdir(), 'rangemesh-bench-'));
  daemons = new Daemons(folder);
  return daemons;
}

serve(
  {
    start: async ({ kind, nodes }: { kind: Kind; nodes: number[] }) => {
      running = await create(kind);
      return running.start(nodes);
    },
    dial: ({ node, address }: { node: number; address: string }) => running?.dial(node, address),
    ready: (degree: number) => running?.ready(degree),
    run: (load: Load) => running?.run(load),
    moments: () => running?.moments(),
    totals: () => daemons?.totals(),
  },
  async () => {
    try {
      await running?.stop();
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  },
);
