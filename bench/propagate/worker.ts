import { serve } from '../support/crew.ts';
import { BareGossip } from './bare.ts';
import { Daemons } from './daemons.ts';
import { libraryNode, TOPIC, tunedNode } from './gossip-nodes.ts';
import type { Load } from './load.ts';
import type { Kind } from './mesh.ts';

/** Some of the nodes of a mesh, all of one kind, in a process of their own. */
let daemons: Daemons | undefined;
let running: Daemons | BareGossip | undefined;

function create(kind: Kind, folder: string): Daemons | BareGossip {
  if (kind === 'library') return new BareGossip(TOPIC, libraryNode);
  if (kind === 'tuned') return new BareGossip(TOPIC, tunedNode);
  daemons = new Daemons(folder);
  return daemons;
}

serve(
  {
    start: ({ kind, nodes, folder }: { kind: Kind; nodes: number[]; folder: string }) => {
      running = create(kind, folder);
      return running.start(nodes);
    },
    dial: ({ node, address }: { node: number; address: string }) => running?.dial(node, address),
    ready: (degree: number) => running?.ready(degree),
    run: (load: Load) => running?.run(load),
    moments: () => running?.moments(),
    totals: () => daemons?.totals(),
  },
  async () => running?.stop(),
);
