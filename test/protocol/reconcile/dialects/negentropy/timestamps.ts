import assert from 'node:assert/strict';
import { negentropy } from '../../../../../src/protocol/index.ts';
import type { ItemKey } from '../../../../../src/store/index.ts';
import { converse, sorted } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import type { TestSets } from './storages.ts';

/** Where the hints of so many items may lie. */
export const HINTS: Record<string, (i: number, count: number) => bigint> = {
  'in milliseconds': (i) => 1_700_000_000_000n + BigInt(i * 7),
  'up to 2^64-2': (i, count) => 2n ** 64n - 2n - BigInt(count - 1 - i),
  'all over u64': (i, count) => (BigInt(i) * (2n ** 64n - 1n)) / BigInt(count),
  'all the same': () => 1_700_000_000_000n,
};

/** Reconciles two sets of some of so many items over a storage; `maxMessageBytes` 0 is no limit. */
export async function check(
  storage: TestSets,
  count: number,
  hint: (i: number, count: number) => bigint,
  maxMessageBytes: number,
): Promise<void> {
  const all: ItemKey[] = keysOf(9, count).map(({ id }, i) => ({ hint: hint(i, count), id }));
  const inA = (i: number) => i % 2_000 !== 7 && i !== count - 1;
  const inB = (i: number) => i % 2_500 !== 0;
  const only = (here: (i: number) => boolean, there: (i: number) => boolean) =>
    sorted(all.filter((_, i) => here(i) && !there(i)).map(({ id }) => id));
  const [a, b] = await storage.snapshots(
    all.filter((_, i) => inA(i)),
    all.filter((_, i) => inB(i)),
  );
  const limits = { maxMessageBytes };
  const { have, missing } = converse(
    negentropy.session({ role: 'initiator', snapshot: a, limits }),
    negentropy.session({ role: 'responder', snapshot: b, limits }),
    10_000,
  );
  assert.deepEqual([sorted(have), sorted(missing.initiator)], [only(inA, inB), only(inB, inA)]);
}
