import type { TestContext } from 'node:test';
import { SimulatedMesh } from './simulated-mesh.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** Catch-ups of few items, in small slices. */
export const SLICES = { catchUpItems: 500, sliceItems: 256 };

/** Gone when the test ends. */
export function simulate(context: TestContext, seed: string, options = {}): SimulatedMesh {
  const mesh = new SimulatedMesh(seed, options);
  context.after(() => mesh.stop());
  return mesh;
}

/** Puts the same items at all the nodes. */
export async function fill(
  mesh: SimulatedMesh,
  nodes: readonly SimulatedNode[],
  count: number,
  from = 0,
): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => ({
    hint: BigInt(from + i),
    payload: mesh.random.bytes(20),
  }));
  for (const { replica } of nodes) await replica.put(items);
}

/** Nodes without connections. */
export async function lineUp(
  mesh: SimulatedMesh,
  count: number,
): Promise<readonly SimulatedNode[]> {
  for (let i = 0; i < count; i++) await mesh.add(`node-${i}`);
  return mesh.nodes;
}

/** Bytes that the sessions of a node took, in both directions. */
export function sessionBytes({ sessions }: SimulatedNode): number {
  return sessions.reduce((sum, report) => sum + report.bytesSent + report.bytesReceived, 0);
}
