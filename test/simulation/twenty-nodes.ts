import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SimulatedMesh } from './simulated-mesh.ts';

const NODES = 20;
export const ITEMS = 400;

/** How twenty nodes fared. */
export interface Outcome {
  readonly converged: boolean;
  /** What happened, a line each. */
  readonly trace: readonly string[];
  readonly nodes: readonly { readonly items: number; readonly wanted: number }[];
}

/**
 * Twenty nodes that write while links break, under virtual time. They run in a thread of their own:
 * the hooks by which the test runner follows promises take longer than the nodes do.
 */
export function runTwentyNodes(seed: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: seed })
      .once('message', resolve)
      .once('error', reject)
      .once('exit', (code) => reject(new Error(`the simulation ended with ${code}`)));
  });
}

/** A ring with chords over links of all speeds, some of which break now and then. */
async function build(seed: string): Promise<SimulatedMesh> {
  const mesh = new SimulatedMesh(seed, { intervalMs: 5_000 }, 'commonware');
  for (let i = 0; i < NODES; i++) await mesh.add(`node-${String(i).padStart(2, '0')}`);
  for (let i = 0; i < NODES; i++) {
    mesh.link(i, (i + 1) % NODES, { latencyMs: 1 + mesh.pick(50), jitterMs: 10 });
    const other = (i + 2 + mesh.pick(NODES - 3)) % NODES;
    mesh.link(i, other, { latencyMs: 20, bytesPerMs: 500, meanUptimeMs: 4_000 });
  }
  return mesh;
}

/** Writes at random nodes at random moments, now and then the same item at two of them. */
async function write(mesh: SimulatedMesh): Promise<void> {
  for (let i = 0; i < ITEMS; i++) {
    const payload = mesh.random.bytes(1 + mesh.pick(2_000));
    const item = { hint: BigInt(mesh.pick(1_000)), payload };
    for (let copies = mesh.pick(10) === 0 ? 2 : 1; copies > 0; copies--) {
      await mesh.nodes[mesh.pick(NODES)]!.replica.put([item]);
    }
    if (mesh.pick(10) === 0) await mesh.clock.advance(mesh.pick(200));
  }
}

async function run(seed: string): Promise<Outcome> {
  const mesh = await build(seed);
  await write(mesh);
  const converged = await mesh.converge(300_000);
  const nodes = mesh.nodes.map(({ replica, replicator }) => ({
    items: replica.status().items,
    wanted: replicator.wanted.size,
  }));
  await mesh.stop();
  return { converged, trace: mesh.trace, nodes };
}

if (!isMainThread) parentPort!.postMessage(await run(workerData));
