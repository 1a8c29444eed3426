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
    const dense = (count: number): boolean => treeOf(0).cost.isDense(keysFrom(10_000, count));
    assert.equal(dense(2 * LEAF - 1), false, 'one key less than two leaves');
    assert.equal(dense(2 * LEAF), true);
    assert.equal(dense(1), false);
    assert.equal(dense(0), false);
  });

  it('sends keys straight to the tree from several places, twelve for each leaf at least', () => {
    const { cost, held } = treeOf(1_000);
    // Half a leaf of held keys, and one, lies between keys that are alone.
    const dense = (alone: number, count: number): boolean => {
      const apart = Array.from({ length: alone }, (_, i) => key(100 + 33 * i));
      return cost.isDense([...apart, ...keysFrom(10_000, count - alone)]);
    };
    // 192 = 12 (8 + 2 + 192 / 32): 8 leaves, 2 where the others begin, and those that all of them fill.
    assert.equal(dense(8, 192), true);
    assert.equal(dense(9, 192), false);
    assert.equal(dense(8, 191), false);
    const places = [0, 300, 600, 900].flatMap((rank) => beside(100 + rank, 64));
    assert.equal(cost.isDense(places), true, 'a leaf at each of four places');
    const scattered = Array.from({ length: 256 }, (_, i) => key(100 + 3 * i));
    assert.equal(cost.isDense(scattered), false, 'everywhere in the tree');
    assert.equal(held(), 0, 'it keeps no snapshot');
  });

  it('asks a tree for few ranks, wherever the keys lie', () => {
    const { cost, asked } = treeOf(5_000);
    cost.isDense(keysFrom(10_000, 4_000));
    assert.ok(asked() < 40, `close together: ${asked()}`);
    const apart = Array.from({ length: 4_000 }, (_, i) => key(100 + i));
    const before = asked();
    cost.isDense(apart);
    assert.ok(asked() - before < 2_000, `everywhere: ${asked() - before}`);
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
function treeOf(count: number): { cost: MergeCost; held: () => number; asked: () => number } {
  const tree = new MemoryTree({ scheme: wideSum });
  tree.insert(Array.from({ length: count }, (_, i) => key(100 + i)));
  let held = 0;
  let asked = 0;
  const snapshot = (): object => {
    held++;
    const taken = tree.snapshot();
    return {
      lowerBound: (bound: ItemKey) => {
        asked++;
        return taken.lowerBound(bound);
      },
      release: () => {
        held--;
        taken.release();
      },
    };
  };
  return {
    cost: new MergeCost({ snapshot } as Pick<DurableTree, 'snapshot'>, LEAF),
    held: () => held,
    asked: () => asked,
  };
}

function keysFrom(hint: number, count: number): ItemKey[] {
  return Array.from({ length: count }, (_, i) => key(hint + i));
}

/** Keys between the one of a hint and the next. */
function beside(hint: number, count: number): ItemKey[] {
  return Array.from({ length: count }, (_, i) => {
    const id = new Uint8Array(32).fill(255);
    id[31] = i;
    return { hint: BigInt(hint), id };
  });
}

function key(hint: number): ItemKey {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, hint);
  return { hint: BigInt(hint), id };
}
