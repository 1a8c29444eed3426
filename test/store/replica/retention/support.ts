import type { Replica } from '../../../../src/store/index.ts';

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
