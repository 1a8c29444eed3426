import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LevelTree } from '../../../../src/store/tree/level/index.ts';
import { storageConformance } from '../../../conformance/storage.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import {
  belowOutside,
  CheckedLevelTree,
  levelTrees,
  nameOf,
  openLevel,
  SHAPES,
} from '../support.ts';

const open = levelTrees();

for (const shape of SHAPES) {
  storageConformance(
    `tree in LevelDB, ${nameOf(shape)}`,
    async (init) => new CheckedLevelTree(await open({ ...init, ...shape })),
    { runs: 10, items: 50 },
  );
}

storageConformance(
  'sub-range of a tree in LevelDB',
  async (init) =>
    belowOutside(new CheckedLevelTree(await open({ ...init, leafItems: 3, fanout: 3 }))),
  { runs: 7, items: 40 },
);

describe('tree in LevelDB', () => {
  const database = openLevel();
  const key = (number: number) => ({
    hint: BigInt(number),
    id: new Uint8Array(32).fill(number),
  });

  it('says that it is damaged when LevelDB cannot read a table', async (t) => {
    const level = await database();
    const init = { database: level, clock: new VirtualClock(), scheme: wideSum };
    const tree = await LevelTree.open({ ...init, name: 'a' });
    t.mock.method(level, 'getSync', () => {
      throw Object.assign(new Error('a block is damaged'), { code: 'LEVEL_CORRUPTION' });
    });
    assert.throws(() => tree.contains(key(1).id), { code: 'STORE_CORRUPT' });
    await tree.close();
  });

  it('is refused while the set of its name is open, and writes of the first are kept', async () => {
    const level = await database();
    const init = { database: level, clock: new VirtualClock(), scheme: wideSum, name: 'twice' };
    const first = await LevelTree.open(init);
    await assert.rejects(LevelTree.open(init), { code: 'STORE_IN_USE' });
    await first.insert([key(1), key(2)]);
    await first.close();
    await first.close();
    const again = await LevelTree.open(init);
    assert.equal(again.size, 2);
    await again.close();
  });

  it('keeps several sets in one database, each by its name, over restarts', async () => {
    const init = { database: await database(), clock: new VirtualClock(), scheme: wideSum };
    const [a, b] = [
      await LevelTree.open({ ...init, name: 'a' }),
      await LevelTree.open({ ...init, name: 'a.b' }),
    ];
    await Promise.all([a.insert([key(1), key(2)]), b.insert([key(2), key(3)]), a.insert([key(4)])]);
    await Promise.all([a.remove([key(1).id]), a.close(), b.close()]);
    await assert.rejects(a.insert([key(5)]), { code: 'STORE_CLOSED' });
    const again = await LevelTree.open({ ...init, name: 'a' });
    assert.deepEqual([...again.snapshot().keys(0, 2)], [key(2), key(4)]);
    assert.ok(!again.contains(key(3).id));
    const other = await LevelTree.open({ ...init, name: 'a.b' });
    assert.deepEqual([...other.snapshot().keys(0, 2)], [key(2), key(3)]);
  });

  it('takes no more writes after a failed write, and shows nothing of it', async () => {
    const real = await database();
    const broken = new Proxy(real, {
      get(target, property) {
        const value = Reflect.get(target, property);
        if (property === 'batch') return () => Promise.reject(new Error('no space left'));
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const init = { clock: new VirtualClock(), scheme: wideSum, name: 'broken' };
    const tree = await LevelTree.open({ ...init, database: broken });
    const writes = [tree.insert([key(1)]), tree.insert([key(2)])];
    for (const write of writes) await assert.rejects(write, { code: 'STORE_WRITE_FAILED' });
    await assert.rejects(tree.insert([key(3)]), { code: 'STORE_WRITE_FAILED' });
    assert.equal(tree.size, 0);
    assert.equal(tree.snapshot().size, 0);
    await tree.close();
    const again = await LevelTree.open({ ...init, database: real });
    assert.deepEqual(await again.insert([key(1)]), [key(1)]);
  });
});
