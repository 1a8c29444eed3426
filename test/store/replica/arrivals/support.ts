import assert from 'node:assert/strict';
import type { ArrivalEntry, Replica } from '../../../../src/store/index.ts';

/** The whole order of arrival, read in pages of so many entries. */
export async function wholeOrder(replica: Replica, limit = 7): Promise<ArrivalEntry[]> {
  const { epoch } = replica;
  const all: ArrivalEntry[] = [];
  for (;;) {
    const page = await replica.arrivals(all.length, { limit, epoch });
    all.push(...page.entries);
    if (page.entries.length === 0) break;
  }
  assert.deepEqual(
    all.map(({ seq }) => seq),
    all.map((_, i) => i + 1),
    'no gap',
  );
  return all;
}

/** The hints of entries, as numbers. */
export function hintsOf(entries: readonly ArrivalEntry[]): number[] {
  return entries.map(({ hint }) => Number(hint));
}
