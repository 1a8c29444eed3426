import { bytesToKey } from '../../src/store/index.ts';
import { SimulatedMesh } from './simulated-mesh.ts';
import type { SimulatedNode } from './simulated-node.ts';

export const MINUTE = 60_000;
export const YEAR: number = 365 * 86_400_000;
export const NODES = 10;
const OPTIONS = { intervalMs: 2 * MINUTE, intervalMinMs: MINUTE, intervalMaxMs: 5 * MINUTE };

/** What a node held and holds no more, and how often it was to take such an item again. */
export class Memory {
  readonly seen: Set<string> = new Set();
  again = 0;
  node: SimulatedNode | null = null;

  watch(node: SimulatedNode): void {
    this.node = node;
    node.replica.onCommit((added) => {
      for (const { id } of added) this.seen.add(bytesToKey(id));
    });
  }

  asked(id: Uint8Array): null {
    if (this.node?.replica.contains(id) === false && this.seen.has(bytesToKey(id))) this.again++;
    return null;
  }
}

export interface Kept {
  readonly mesh: SimulatedMesh;
  readonly memories: readonly Memory[];
  /** Milliseconds that each wall clock is ahead. */
  readonly ahead: number[];
}

/** Ten nodes in a ring with chords. Each keeps 10 to 55 minutes, by a clock up to five minutes off. */
export async function tenNodes(seed: string): Promise<Kept> {
  const mesh = new SimulatedMesh(seed, OPTIONS);
  const memories = Array.from({ length: NODES }, () => new Memory());
  const ahead = memories.map(() => (2 * mesh.random.fraction() - 1) * 5 * MINUTE);
  for (const [i, memory] of memories.entries()) {
    const node = await mesh.add(`n${i}`, {
      aheadMs: () => Math.round(ahead[i]!),
      retention: { maxAge: (10 + 5 * i) * MINUTE },
      asked: ({ id }, { via }) => (via === 'http' ? null : memory.asked(id)),
    });
    memory.watch(node);
  }
  for (let i = 0; i < NODES; i++) {
    mesh.link(i, (i + 1) % NODES);
    if (i % 2 === 0) mesh.link(i, (i + 5) % NODES);
  }
  return { mesh, memories, ahead };
}

/** Each minute some node puts an item with its own time as the hint. */
export async function write({ mesh, ahead }: Kept, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    const at = mesh.pick(NODES);
    const hint = BigInt(mesh.clock.now() + Math.round(ahead[at]!));
    await mesh.nodes[at]!.put({ hint, payload: mesh.random.bytes(20) });
    await mesh.clock.advance(MINUTE);
  }
}

export const removedBy = ({ mesh }: Kept): number[] =>
  mesh.nodes.map(({ pruner }) => pruner!.status.removedItems);
