import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WriteBuffer } from '../../../../src/store/buffer/index.ts';
import type { ItemKey } from '../../../../src/store/index.ts';
import { MergeCost } from '../../../../src/store/replica/durable-set/testing.ts';
import type { DurableTree } from '../../../../src/store/tree/level/index.ts';
import { MemoryTree } from '../../../../src/store/tree/memory/index.ts';
import { wideSum } from '../../../support/wide-sum.ts';

/** Items in a leaf. */
const LEAF = 64;

describe('the cost of merging', () => {
  it('sends keys straight to the tree when they fill two leaves and lie close together', () => {
    const dense = (count: number, span: number): boolean => {
      const { cost } = treeOf(span);
      // The first of them lies below the keys of the tree, the others above.
      const keys = [key(0), ...Array.from({ length: count - 1 }, (_, i) => key(10_000 + i))];
      return cost.isDense(keys);
    };
    assert.equal(dense(2 * LEAF - 1, 0), false, 'one key less than two leaves');
    assert.equal(dense(2 * LEAF, 0), true);
    // 12 keys for each leaf: 128 = 12 (2 + (span + 128) / 32) with a span of 149 1/3.
    assert.equal(dense(2 * LEAF, 149), true);
    assert.equal(dense(2 * LEAF, 150), false);
    assert.equal(dense(129, 151), true, 'exactly twelve for each leaf');
    assert.equal(dense(129, 152), false);
    assert.equal(dense(1, 0), false);
    assert.equal(treeOf(0).cost.isDense([]), false);
  });

  it('counts a leaf as twelve keys, and no more leaves than keys', () => {
    const { cost } = treeOf(96);
    const range = { first: key(0), last: key(20_000) };
    assert.equal(cost.workOf(range, 32), 32 + 12 * (2 + (96 + 32) / 32));
    assert.equal(cost.workOf(range, 3), 3 + 12 * 3);
    const beside = { first: key(20_000), last: key(20_100) };
    assert.equal(cost.workOf(beside, 32), 32 + 12 * 3, 'no keys of the tree lie between');
  });

  it('halves a slice until it is no more work than wanted, down to four keys', () => {
    const { cost } = treeOf(0);
    const keys = Array.from({ length: 5_000 }, (_, i) => key(20_000 + i));
    const buffer = WriteBuffer.empty({ scheme: wideSum }).insert(keys);
    const work = (count: number): number => count + 12 * (2 + count / 32);
    const slice = (wanted: number, behind: ItemKey | null = null) =>
      cost.sliceOf(buffer, behind, wanted);
    assert.equal(slice(work(4_096)), 4_096);
    assert.equal(slice(1e9), 4_096, 'it is never larger');
    assert.equal(slice(work(4_096) - 1), 2_048);
    assert.equal(slice(work(64)), 64);
    assert.equal(slice(work(64) - 1), 32);
    assert.equal(slice(0), 4);
    assert.equal(slice(0, keys.at(-1)!), 4_096, 'behind the last key there is no work');
    assert.equal(slice(0, keys.at(-2)!), 4);
  });

  it('releases each snapshot of the tree that it takes', () => {
    const { cost, held } = treeOf(96);
    cost.workOf({ first: key(0), last: key(20_000) }, 32);
    assert.equal(held(), 0);
  });
});

/** The cost of merging into a tree of so many keys, whose hints begin at 100. */
function treeOf(count: number): { cost: MergeCost; held: () => number } {
  const tree = new MemoryTree({ scheme: wideSum });
  tree.insert(Array.from({ length: count }, (_, i) => key(100 + i)));
  let held = 0;
  const snapshot = (): object => {
    held++;
    const taken = tree.snapshot();
    return {
      lowerBound: taken.lowerBound.bind(taken),
      release: () => {
        held--;
        taken.release();
      },
    };
  };
  return {
    cost: new MergeCost({ snapshot } as Pick<DurableTree, 'snapshot'>, LEAF),
    held: () => held,
  };
}

function key(hint: number): ItemKey {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, hint);
  return { hint: BigInt(hint), id };
}
