import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../support/crew.ts';
import { BareGossip } from './bare.ts';
import { Daemons } from './daemons.ts';
import type { Load } from './load.ts';

/** Some of the nodes of a mesh in a process of their own: daemons, and beside them bare gossipsub. */
const folder = await mkdtemp(join(process.env.BENCH_DIR ?? tmpdir(), 'rangemesh-bench-'));
const kinds = { daemons: new Daemons(folder), bare: new BareGossip() };

type Kind = keyof typeof kinds;

serve(
  {
    start: ({ kind, nodes }: { kind: Kind; nodes: number[] }) => kinds[kind].start(nodes),
    dial: ({ kind, node, address }: { kind: Kind; node: number; address: string }) =>
      kinds[kind].dial(node, address),
    ready: ({ kind, degree }: { kind: Kind; degree: number }) => kinds[kind].ready(degree),
    run: ({ kind, load }: { kind: Kind; load: Load }) => kinds[kind].run(load),
    moments: (kind: Kind) => kinds[kind].moments(),
    totals: () => kinds.daemons.totals(),
    stop: (kind: Kind) => kinds[kind].stop(),
  },
  async () => {
    await Promise.all(Object.values(kinds).map((kind) => kind.stop()));
    await rm(folder, { recursive: true, force: true });
  },
);
