import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { guardOf } from '../../../../src/daemon/guard/index.ts';
import { OwnItems } from '../../../../src/daemon/replicator/push/index.ts';
import type { Announce } from '../../../../src/protocol/index.ts';
import {
  equalBytes,
  type Item,
  type ItemKey,
  itemId,
  Replica,
} from '../../../../src/store/index.ts';
import { coded, gateBatches, item } from '../../../store/replica/support.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';

const [SHORT, LONG] = [item(1, 20), item(2, 200)];

async function setUp(t: TestContext, room = Number.POSITIVE_INFINITY, guard = guardOf([])) {
  const database = memoryDatabase();
  const replica = await Replica.open({
    database,
    clock: new VirtualClock(),
    disk: new FakeDisk(),
    limits: { maxItemBytes: 500 },
  });
  cleanUp(t, () => replica.close());
  const gate = gateBatches(database);
  cleanUp(t, () => gate.open());
  const announced: bigint[] = [];
  const spread: bigint[] = [];
  const state = { astray: 0, met: 0 };
  const announce = {
    inlineBytes: 100,
    announce(items: readonly Item[]) {
      const taken = items.slice(0, room);
      announced.push(...taken.map(({ hint }) => hint));
      return taken.length;
    },
  } as unknown as Announce;
  const own = new OwnItems({
    guard,
    replica,
    peers: {
      get connections() {
        return state.met;
      },
      connectedOnes: [],
      differs: () => undefined,
      get: () => undefined,
    },
    coverage: {
      pushed: (keys: readonly ItemKey[]) => spread.push(...keys.map(({ hint }) => hint)),
      heardBy: () => false,
    },
    changed: () => state.astray++,
  });
  own.start(announce);
  return { own, gate, announced, spread, state };
}

describe('own items', () => {
  it('that the guard refuses are neither stored nor announced, nor are those beside them', async (t) => {
    const [long, ids] = [itemId(LONG.hint, LONG.payload), [] as Uint8Array[]];
    const guard = guardOf([
      {
        refusalOf({ id }, { via, peer }) {
          ids.push(id);
          const wrong = equalBytes(id, long) && via === 'http' && peer === null;
          return wrong ? { code: 'ITEM_REFUSED', message: 'kept out', lasting: true } : null;
        },
      },
    ]);
    const { own, gate, announced } = await setUp(t, Number.POSITIVE_INFINITY, guard);
    gate.open();
    await assert.rejects(own.put([SHORT, LONG]), { name: 'GuardError', code: 'ITEM_REFUSED' });
    assert.deepEqual([announced, ids.length], [[], 2]);
    assert.equal((await own.put([SHORT]))[0]?.created, true);
  });

  it('of a batch are stored beside those that the guard refuses', async (t) => {
    const guard = guardOf([
      {
        refusalOf({ hint }) {
          return hint === SHORT.hint ? { code: 'ITEM_REFUSED', message: 'm', lasting: true } : null;
        },
      },
    ]);
    const { own, gate, announced } = await setUp(t, Number.POSITIVE_INFINITY, guard);
    gate.open();
    const results = await own.putEach([SHORT, LONG, SHORT]);
    const seen = results.map((result) => ('code' in result ? result.code : result.created));
    assert.deepEqual(seen, ['ITEM_REFUSED', true, 'ITEM_REFUSED']);
    assert.deepEqual(announced, [2n]);
    assert.equal(
      (await own.putEach([SHORT]))[0] instanceof Error,
      true,
      'nothing is left to store',
    );
  });

  it('are announced during the write when sent whole, and after it when sent by key', async (t) => {
    const { own, gate, announced, spread } = await setUp(t);
    const put = own.put([SHORT, LONG]);
    await settle();
    assert.deepEqual(announced, [1n]);
    assert.deepEqual(spread, []);
    gate.open();
    const results = await put;
    assert.deepEqual(
      results.map(({ created }) => created),
      [true, true],
    );
    assert.deepEqual(announced, [1n, 2n]);
    assert.deepEqual(spread, [1n, 2n]);
  });

  it('do not count as announced where a peer connected between push and commit', async (t) => {
    const { own, gate, announced, spread, state } = await setUp(t);
    const put = own.put([SHORT]);
    await settle();
    assert.deepEqual(announced, [1n]);
    state.met++;
    gate.open();
    await put;
    assert.deepEqual(spread, []);
  });

  it('are neither acknowledged nor announced by key when the disk fails', async (t) => {
    const { own, gate, announced, spread, state } = await setUp(t);
    const put = own.put([SHORT, LONG]);
    await settle();
    assert.equal(state.astray, 0);
    gate.fail(new Error('no space left on device'));
    await assert.rejects(put);
    assert.deepEqual(announced, [1n]);
    assert.deepEqual(spread, []);
    assert.equal(state.astray, 1);
  });

  it('are not announced when they are refused or already held', async (t) => {
    const { own, gate, announced, spread, state } = await setUp(t);
    gate.open();
    await assert.rejects(own.put([item(3, 600)]), coded('ITEM_TOO_LARGE'));
    assert.deepEqual(announced, []);
    assert.equal(state.astray, 0);
    await own.put([SHORT]);
    await own.put([SHORT]);
    assert.deepEqual(announced, [1n]);
    assert.deepEqual(spread, [1n]);
  });

  it('are left to sessions when there is no room for all of them', async (t) => {
    const { own, gate, announced, spread } = await setUp(t, 1);
    gate.open();
    await own.put([SHORT, item(4, 20)]);
    assert.deepEqual(announced, [1n]);
    assert.deepEqual(spread, []);
  });
});
