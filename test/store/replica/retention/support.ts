import type { Replica } from '../../../../src/store/index.ts';
import { MemorySet, SMALL_INDEX } from '../in-memory.ts';
import { item } from '../support.ts';

/** Raises the floor, and removes all items below it, at most so many in a commit. */
export async function pruneAll(replica: Replica, floor: bigint, items = 5): Promise<void> {
  await replica.retention.raise(floor);
  while ((await replica.retention.prune(floor, items)) > 0);
}

/** The hints of all held items, also of those below the floor. */
export function heldHints(replica: Replica): number[] {
  const snapshot = replica.snapshot();
  const hints = [...snapshot.keys(0, snapshot.size)].map(({ hint }) => Number(hint));
  snapshot.release();
  return hints;
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Each of the hints came by itself, so that each has a record of its own. */
export async function ofHints(...hints: number[]): Promise<MemorySet> {
  const set = new MemorySet();
  // So that no put waits for a merge, which waits for the clock.
  const replica = await set.reopen({ index: { ...SMALL_INDEX, bufferItems: 5_000 } });
  for (const hint of hints) await replica.put([item(hint)]);
  await replica.close();
  return set;
}
