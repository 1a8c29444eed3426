import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Database, StoreError } from '../../../../src/store/index.ts';
import { RecordError } from '../../../../src/store/level/index.ts';
import { isDamage, openSet } from '../../../../src/store/replica/durable-set/index.ts';
import { readState } from '../../../../src/store/replica/durable-set/testing.ts';
import {
  decodeState,
  EMPTY_STATE,
  encodeLogEntry,
  encodeState,
  NOTHING,
  type SetState,
} from '../../../../src/store/replica/records/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { flip, KEYS, MemorySet } from '../in-memory.ts';
import { coded, item } from '../support.ts';

const SHAPE = { leafItems: 4, fanout: 4, cacheBytes: 100_000, maxSnapshotAgeMs: 1_000 };

function init(database: Database) {
  return { database, keys: KEYS, scheme: wideSum, clock: new VirtualClock(), shape: SHAPE };
}

/** The database of ten items, each in a commit and a log record of its own. */
async function logged(): Promise<{ database: Database; state: SetState }> {
  const set = new MemorySet();
  const { database } = set;
  const afterwards: (() => unknown)[] = [];
  const test = { after: (work: () => unknown) => afterwards.push(work) };
  const replica = await set.open(test as never, { index: { ...SHAPE, bufferItems: 64 } });
  for (let i = 0; i < 10; i++) await replica.put([item(i)]);
  await replica.close();
  await database.open();
  return { database, state: await stateOf(database) };
}

async function stateOf(database: Database): Promise<SetState> {
  return decodeState(new Uint8Array((await database.get(KEYS.state))!));
}

async function damageOf(database: Database): Promise<string> {
  const { damage, set } = await openSet(init(database));
  set?.close();
  return damage === null ? 'none' : `${damage.code}: ${damage.message}`;
}

describe('a set that is opened', () => {
  it('holds the keys of the log in its buffer, and has its state', async () => {
    const { database, state } = await logged();
    const { set, damage, state: found } = await openSet(init(database));
    assert.deepEqual([damage, found, set?.state, set?.buffered], [null, state, state, 10]);
    assert.deepEqual([state.commit, state.logBegin, state.items], [10, 1, 10]);
    set!.close();
  });

  it('names the lost commits where log records are missing', async () => {
    for (const [missing, message] of [
      [[1], 'commit 1 is missing'],
      [[1, 2], 'commits 1 to 2 are missing'],
      [[5], 'commit 5 is missing'],
      [[5, 6, 7], 'commits 5 to 7 are missing'],
      [[4, 6], 'commit 4 is missing'],
      [[10], 'commit 10 is missing'],
      [[9, 10], 'commits 9 to 10 are missing'],
    ] as const) {
      const { database } = await logged();
      for (const commit of missing) await database.del(KEYS.log(commit));
      assert.equal(await damageOf(database), `COMMITS_LOST: ${message}`);
    }
  });

  it('counts as lost all commits up to its last one, although later log records exist', async () => {
    const { database, state } = await logged();
    await database.put(KEYS.state, encodeState({ ...state, commit: 8, items: 8 }));
    for (const commit of [7, 8, 9]) await database.del(KEYS.log(commit));
    assert.equal(await damageOf(database), 'COMMITS_LOST: commits 7 to 8 are missing');
  });

  it('needs no log records from before its log begins', async () => {
    const { database, state } = await logged();
    const all = { ...state, logBegin: 11, trimBegin: 1, items: 0 };
    await database.put(KEYS.state, encodeState(all));
    await database.del(KEYS.log(3));
    assert.equal(await damageOf(database), 'none');
  });

  it('is damaged where its index and its state count different items', async () => {
    for (const items of [9, 11]) {
      const { database, state } = await logged();
      await database.put(KEYS.state, encodeState({ ...state, items }));
      const message = `the index holds 10 items, the state says ${items}`;
      assert.equal(await damageOf(database), `INDEX_DAMAGED: ${message}`);
    }
  });

  it('is damaged where a record is damaged, and keeps a state that is whole', async () => {
    const { database, state } = await logged();
    await flip(database, KEYS.log(3));
    const opened = await openSet(init(database));
    assert.deepEqual([opened.damage?.code, opened.state], ['INDEX_DAMAGED', state]);
    await flip(database, KEYS.state);
    const worse = await openSet(init(database));
    assert.deepEqual([worse.damage?.code, worse.state], ['INDEX_DAMAGED', null]);
  });

  it('is not opened where the database fails', async () => {
    const { database } = await logged();
    database.getSync = () => {
      throw new Error('IO error: it burns');
    };
    await assert.rejects(openSet(init(database)), {
      code: 'STORE_UNAVAILABLE',
      message: /IO error: it burns/,
    });
  });
});

describe('the state of a set', () => {
  it('is empty where there are no items, and damaged where there are', async () => {
    const database = memoryDatabase();
    await database.open();
    assert.deepEqual(await readState(init(database)), EMPTY_STATE);
    await database.put(KEYS.log(1), encodeLogEntry(NOTHING));
    assert.deepEqual(await readState(init(database)), EMPTY_STATE);
    await database.put(KEYS.items.gte, new Uint8Array(0));
    await assert.rejects(readState(init(database)), coded('STORE_CORRUPT'));
    database.get = () =>
      Promise.reject(Object.assign(new Error('x'), { code: 'LEVEL_CORRUPTION' }));
    await assert.rejects(readState(init(database)), coded('STORE_CORRUPT'));
  });
});

describe('the damage of an index', () => {
  it('is recognised by the error codes of the store', () => {
    const damage = [
      new RecordError('is damaged'),
      new RangeError('it is there'),
      new StoreError('STORE_CORRUPT', 'x'),
    ];
    for (const error of damage) assert.equal(isDamage(error), true, String(error));
    const others = [new StoreError('STORE_CLOSED', 'x'), new Error('x'), new TypeError('x'), null];
    for (const error of others) assert.equal(isDamage(error), false, String(error));
  });
});
