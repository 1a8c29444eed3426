import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ItemKey } from '../../../../src/store/index.ts';
import { MemoryTree } from '../../../../src/store/tree/memory/index.ts';
import { storageConformance } from '../../../conformance/storage.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { belowOutside, CheckedMemoryTree, nameOf, SHAPES } from '../support.ts';

for (const shape of SHAPES) {
  storageConformance(
    `tree in memory, ${nameOf(shape)}`,
    (init) => new CheckedMemoryTree({ ...init, ...shape }),
    { runs: 30 },
  );
}

storageConformance(
  'sub-range of a tree in memory',
  (init) => belowOutside(new CheckedMemoryTree({ ...init, leafItems: 3, fanout: 3 })),
  { runs: 20 },
);

describe('tree in memory', () => {
  const key = (i: number): ItemKey => ({
    hint: BigInt(i >> 3),
    id: new Uint8Array(32)
      .with(0, i & 7)
      .with(1, i >> 8)
      .with(2, i & 255),
  });
  const keys = Array.from({ length: 10_000 }, (_, i) => key(i));

  it('is built from keys in order', () => {
    const built = MemoryTree.fromSorted({ scheme: wideSum }, keys.values());
    built.check();
    const inserted = new MemoryTree({ scheme: wideSum });
    inserted.insert(keys);
    const whole = inserted.snapshot().fingerprint(0, 10_000);
    assert.deepEqual(built.snapshot().fingerprint(0, 10_000), whole);
    assert.ok(built.contains(keys[4711]!.id));
    assert.equal(MemoryTree.fromSorted({ scheme: wideSum }, []).size, 0);
    assert.equal(MemoryTree.fromSorted({ scheme: wideSum }, keys.slice(0, 4096)).size, 4096);
    built.insert([key(20_000)]);
    built.check();
  });

  it('is not built from keys out of order, or ids that come twice', () => {
    const init = { scheme: wideSum };
    for (const at of [1, 4095, 4096]) {
      const swapped = keys.with(at, keys[at - 1]!).with(at - 1, keys[at]!);
      assert.throws(() => MemoryTree.fromSorted(init, swapped), /ascend/);
    }
    for (const at of [1, 4096]) {
      const again = keys.with(at, keys[at - 1]!);
      assert.throws(() => MemoryTree.fromSorted(init, again), /ascend/, 'the same key twice');
    }
    const twice = [...keys, { hint: 5000n, id: keys[7]!.id }];
    assert.throws(() => MemoryTree.fromSorted(init, twice), /one hint only/);
  });
});
