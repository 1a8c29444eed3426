import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ItemKey } from '../../../../src/store/index.ts';
import type { Database } from '../../../../src/store/level/index.ts';
import { LevelTree, treeKeys } from '../../../../src/store/tree/level/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { openLevel } from '../support.ts';

const opened = openLevel();
let trees = 0;

const key = (number: number): ItemKey => ({
  hint: BigInt(number),
  id: new Uint8Array(32).fill(number),
});

type Batch = (operations: unknown[], options: { sync?: boolean }) => Promise<void>;

/** A set whose batches go through `batch`. */
async function setUp(
  batch: (write: Batch) => Batch = (write) => write,
): Promise<{ tree: LevelTree; database: Database; name: string }> {
  const database = await opened();
  const name = `level-${trees++}`;
  const seen = new Proxy(database, {
    get(target, property) {
      const value = Reflect.get(target, property);
      if (property === 'batch') return batch(value.bind(target));
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const init = { database: seen, name, clock: new VirtualClock(), scheme: wideSum };
  return { tree: await LevelTree.open(init), database, name };
}

describe('writes of a set in LevelDB', () => {
  it('are synced, each in one batch, and none is made of nothing', async () => {
    const options: unknown[] = [];
    const { tree } = await setUp((write) => (operations, given) => {
      options.push(given);
      return write(operations, given);
    });
    await tree.insert([key(1), key(2)]);
    await tree.remove([key(1).id]);
    assert.deepEqual(options, [{ sync: true }, { sync: true }]);
    await tree.insert([]);
    assert.deepEqual(await tree.insert([key(2)]), [], 'held already');
    assert.equal(await tree.remove([key(1).id, key(9).id]), 0, 'not there');
    assert.equal(options.length, 2);
  });

  it('copy the arrays of the caller at the call', async () => {
    const { tree } = await setUp();
    const [added, removed] = [key(1), key(1)];
    const first = tree.insert([added]);
    added.id.fill(9);
    const second = tree.insert([key(2)]);
    const third = tree.remove([removed.id]);
    removed.id.fill(2);
    assert.deepEqual(await first, [key(1)]);
    await second;
    assert.equal(await third, 1);
    assert.deepEqual([...tree.snapshot().keys(0, 1)], [key(2)]);
  });

  it('go on after a write that was refused for its keys', async () => {
    const { tree } = await setUp();
    for (let round = 1; round <= 2; round++) {
      await assert.rejects(tree.insert([key(round), { hint: -1n, id: key(3).id }]), {
        code: 'INVALID_HINT',
      });
      assert.deepEqual(await tree.insert([key(round)]), [key(round)]);
    }
    assert.equal(tree.size, 2);
  });

  it('are carried out before the set is closed, and refused afterwards', async () => {
    const { tree, database, name } = await setUp();
    const under = tree.insert([key(1), key(2)]);
    const closed = tree.close();
    await assert.rejects(tree.remove([key(1).id]), { code: 'STORE_CLOSED' });
    await closed;
    await tree.close();
    assert.deepEqual(await under, [key(1), key(2)]);
    assert.throws(() => tree.snapshot(), { code: 'STORE_CLOSED' });
    const again = await LevelTree.open({
      ...{ database, name, clock: new VirtualClock(), scheme: wideSum },
    });
    assert.equal(again.size, 2);
  });

  it('that fail are shown nowhere, and everything queued behind falls with the first', async () => {
    let failures = 0;
    const { tree } = await setUp((write) => (operations, options) => {
      if (failures === 0 || failures > 1) return write(operations, options);
      failures++;
      return Promise.reject(new Error('no space left'));
    });
    await tree.insert([key(1)]);
    failures = 1;
    const queued = [tree.insert([key(2)]), tree.remove([key(1).id]), tree.insert([key(3)])];
    for (const write of queued) await assert.rejects(write, { code: 'STORE_WRITE_FAILED' });
    assert.equal(failures, 2, 'one batch was tried');
    assert.deepEqual(
      [tree.size, tree.contains(key(1).id), tree.contains(key(3).id)],
      [1, true, false],
    );
    assert.deepEqual([...tree.snapshot().keys(0, 1)], [key(1)], 'and the tree can still be read');
    await tree.close();
    await assert.rejects(tree.insert([]), { code: 'STORE_WRITE_FAILED' }, 'the failure is kept');
  });
});

describe('the record of an id', () => {
  it('holds the hint in eight bytes, the lowest first, and is damaged otherwise', async () => {
    const { tree, database, name } = await setUp();
    await tree.insert([{ hint: 0x0102n, id: key(1).id }]);
    const record = treeKeys(name).id(key(1).id);
    assert.deepEqual([...(await database.get(record))!], [2, 1, 0, 0, 0, 0, 0, 0]);
    for (const length of [0, 7, 9]) {
      await database.put(record, new Uint8Array(length));
      assert.throws(() => tree.contains(key(1).id), { code: 'STORE_CORRUPT', message: /8 bytes/ });
    }
    await database.del(record);
    assert.ok(!tree.contains(key(1).id));
  });
});
