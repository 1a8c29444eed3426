import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, ItemKey } from '../../../../src/store/index.ts';
import type { KeyRangeBytes } from '../../../../src/store/level/index.ts';
import { openSet } from '../../../../src/store/replica/durable-set/index.ts';
import {
  decodeQuarantined,
  decodeState,
  EMPTY_STATE,
  encodeHead,
  encodeSchema,
  encodeState,
} from '../../../../src/store/replica/records/index.ts';
import {
  migrateFirstSchema,
  type RebuildInit,
  type Rebuilt,
  rebuildIndex,
} from '../../../../src/store/replica/recovery/testing.ts';
import { verifyReplica } from '../../../../src/store/replica/verify/index.ts';
import { decodeMeta, encodeMeta } from '../../../../src/store/tree/level/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { corruption, flip, hide, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { item, tapBatches } from '../support.ts';

const COUNT = 40;
const SHAPE = { leafItems: 4, fanout: 4, cacheBytes: 100_000, maxSnapshotAgeMs: 1_000 };
const text = new TextEncoder();

async function stored(t: TestContext): Promise<Database> {
  const { database } = await MemorySet.of(COUNT);
  await database.open();
  cleanUp(t, () => database.close());
  return database;
}

const clock = new VirtualClock();

function parts(database: Database) {
  return { database, keys: KEYS, scheme: wideSum, clock, shape: SHAPE };
}

async function stateOf(database: Database) {
  return decodeState(new Uint8Array((await database.get(KEYS.state))!));
}

async function rebuild(database: Database, init: Partial<RebuildInit> = {}): Promise<Rebuilt> {
  const state = await stateOf(database).catch(() => null);
  const given = {
    ...parts(database),
    state,
    lossy: false,
    orderStays: true,
    progress: () => undefined,
  };
  return rebuildIndex({ ...given, ...init });
}

async function verified(database: Database): Promise<[string[], number]> {
  const { problems, items } = await verifyReplica(parts(database));
  return [problems.map(({ message }) => message), items];
}

function key(number: number): ItemKey {
  return { hint: BigInt(number), id: idOf(item(number)) };
}

describe('a rebuild of the index', () => {
  it('restores the items and the totals, twice in a row', async (t) => {
    const database = await stored(t);
    const { commit } = await stateOf(database);
    for (const round of [1, 2]) {
      const steps: number[] = [];
      const { state, unreadable } = await rebuild(database, { progress: (n) => steps.push(n) });
      const { items, bytes, rebuilding, needsRefill } = state;
      assert.deepEqual(
        [items, bytes, rebuilding, needsRefill, unreadable],
        [40, 800, false, false, 0],
      );
      assert.deepEqual([state.commit, state.logBegin], [commit + round, commit + round + 1]);
      assert.deepEqual(steps, [40, 40]);
      assert.deepEqual(await stateOf(database), state);
      assert.deepEqual(await verified(database), [[], COUNT]);
      assert.equal((await database.keys(KEYS.logs).all()).length, 0, 'the log is empty');
    }
  });

  it('marks the set for a refill where items may be missing, or it was marked before', async (t) => {
    for (const [lossy, before, after] of [
      [false, false, false],
      [true, false, true],
      [false, true, true],
    ] as const) {
      const database = await stored(t);
      const state = { ...(await stateOf(database)), needsRefill: before };
      assert.equal((await rebuild(database, { lossy, state })).state.needsRefill, after);
      assert.equal((await stateOf(database)).needsRefill, after);
    }
  });

  it('continues the commit number from the log where the state is gone', async (t) => {
    const database = await stored(t);
    const { commit } = await stateOf(database);
    assert.ok(commit > 0);
    assert.equal((await rebuild(database, { state: null })).state.commit, commit + 1);
    await database.clear(KEYS.logs);
    assert.equal((await rebuild(database, { state: null })).state.commit, 1);
  });

  it('gives nodes numbers that no node, summary or meta had before', async (t) => {
    const highest = async (database: Database, range: KeyRangeBytes) =>
      (await database.keys({ ...range, reverse: true, limit: 1 }).all())[0]!;
    const lowest = async (database: Database) => (await database.keys(KEYS.nodes).all())[0]!;
    for (const damage of [
      async () => undefined,
      async (database: Database) => database.del(KEYS.tree.meta),
      async (database: Database) => flip(database, KEYS.tree.meta),
    ]) {
      const database = await stored(t);
      const record = new Uint8Array((await database.get(KEYS.tree.meta))!);
      const { nextRef } = decodeMeta(record);
      const last = await highest(database, KEYS.nodes);
      await damage(database);
      await rebuild(database);
      assert.ok(Buffer.compare(await lowest(database), last) > 0);
      assert.ok(Buffer.compare(await lowest(database), KEYS.tree.node(nextRef)) >= 0);
    }
    const freed = await stored(t);
    const meta = decodeMeta(new Uint8Array((await freed.get(KEYS.tree.meta))!));
    await freed.put(KEYS.tree.meta, encodeMeta({ ...meta, nextRef: 9_001 }));
    await rebuild(freed);
    const began = new Uint8Array(await lowest(freed));
    assert.deepEqual(began, KEYS.tree.node(9_001), 'those that were freed are not used again');
    for (const left of [KEYS.tree.node(9_000), KEYS.tree.summary(9_000)]) {
      const database = await stored(t);
      await database.put(left, new Uint8Array(1));
      await rebuild(database);
      assert.deepEqual(new Uint8Array(await lowest(database)), KEYS.tree.node(9_001));
    }
  });

  it('is recorded as unfinished until it ends', async (t) => {
    const database = await stored(t);
    const stop = (): void => {
      throw new Error('closed');
    };
    await assert.rejects(rebuild(database, { progress: stop }), /^Error: closed$/);
    assert.equal((await stateOf(database)).rebuilding, true);
    const { damage } = await openSet(parts(database));
    assert.equal(damage?.code, 'REBUILD_INTERRUPTED');
    await rebuild(database);
    assert.deepEqual(await verified(database), [[], COUNT]);
  });

  it('writes missing and wrong id records, and no others', async (t) => {
    const database = await stored(t);
    await database.del(KEYS.id(key(3).id));
    await flip(database, KEYS.id(key(4).id), 15);
    const written = new Set<string>();
    tapBatches(database, async (operations, write) => {
      for (const { key: at } of operations) {
        if (at[KEYS.ids.gte.length - 1] === 'i'.charCodeAt(0))
          written.add(Buffer.from(at).toString('hex'));
      }
      await write();
    });
    await rebuild(database);
    const expected = [3, 4].map((number) => Buffer.from(KEYS.id(key(number).id)).toString('hex'));
    assert.deepEqual([...written].sort(), expected.sort());
    assert.deepEqual(await verified(database), [[], COUNT]);
  });

  it('skips keys that belong to no item', async (t) => {
    const database = await stored(t);
    await database.put(text.encode('set/p-stray'), new Uint8Array(3));
    const { state } = await rebuild(database);
    assert.deepEqual([state.items, state.bytes], [40, 800]);
  });

  it('deletes id records that lead to no item', async (t) => {
    const database = await stored(t);
    const head = encodeHead({ hint: 70n, bytes: 20 });
    await database.put(KEYS.id(key(70).id), head);
    await database.put(KEYS.id(key(71).id), new Uint8Array(15));
    await database.put(KEYS.id(key(72).id), encodeHead({ hint: 2n ** 64n - 1n, bytes: 1 }));
    await database.put(text.encode('set/i-stray'), head);
    const { state, unreadable } = await rebuild(database);
    assert.deepEqual([state.items, state.bytes, unreadable], [40, 800, 0]);
    assert.deepEqual(await verified(database), [[], COUNT]);
    assert.equal((await database.keys(KEYS.ids).all()).length, COUNT);
  });

  it('finds items that only their id records lead to, and moves unreadable ones to quarantine', async (t) => {
    const database = await stored(t);
    const [hidden, lost] = [
      [30, 3, 4, 20].map((number) => KEYS.item(key(number))),
      [3, 20].map((number) => KEYS.item(key(number))),
    ];
    hide(database, hidden, lost);
    const { state, unreadable } = await rebuild(database);
    assert.deepEqual([state.items, state.bytes, unreadable], [38, 760, 2]);
    for (const number of [3, 20]) {
      assert.equal(await database.get(KEYS.id(key(number).id)), undefined);
      assert.equal(await database.get(KEYS.item(key(number))), undefined);
      const record = new Uint8Array((await database.get(KEYS.quarantine(key(number).id)))!);
      const found = decodeQuarantined(record);
      assert.deepEqual(found, {
        at: clock.now(),
        hint: BigInt(number),
        payload: null,
        seq: number + 1,
      });
    }
    const { set } = await openSet(parts(database));
    assert.ok(set?.holds(key(30)) && set.holds(key(4)) && !set.holds(key(3)));
    set?.close();
  });

  it('deletes old nodes one by one where LevelDB cannot clear the range', async (t) => {
    const database = await stored(t);
    database.clear = () => Promise.reject(corruption());
    await rebuild(database);
    assert.deepEqual(await verified(database), [[], COUNT]);
    database.clear = () => Promise.reject(new Error('IO error: it burns'));
    await assert.rejects(rebuild(database), /it burns/);
  });

  it('takes no item from the unreadable end of a range', async (t) => {
    const database = await stored(t);
    const keys = database.keys.bind(database) as (options: object) => ReturnType<Database['keys']>;
    const ending = (error: Error): void => {
      database.keys = ((options: { reverse?: boolean }) => {
        const iterator = keys(options);
        if (options.reverse === true) iterator.next = () => Promise.reject(error);
        return iterator;
      }) as never;
    };
    ending(corruption());
    assert.equal((await rebuild(database, { state: null })).state.commit, 1);
    assert.deepEqual(await verified(database), [[], COUNT]);
    ending(new Error('IO error: it burns'));
    await assert.rejects(rebuild(database), /it burns/);
  });
});

describe('the first schema', () => {
  const TOTALS = text.encode('meta/totals');
  const NEW = Uint8Array.from([...text.encode('item/'), 1]);

  async function first(records: readonly Uint8Array[]): Promise<Database> {
    const database = memoryDatabase();
    await database.open();
    for (const at of records) await database.put(at, at);
    return database;
  }

  it('is migrated by its version, or where totals show an unfinished migration', async () => {
    assert.equal(await migrateFirstSchema(await first([NEW]), KEYS, 2), false);
    assert.equal(await migrateFirstSchema(await first([]), KEYS, 1), true);
    const database = await first([NEW, TOTALS]);
    await database.put(KEYS.state, encodeState({ ...EMPTY_STATE, commit: 5 }));
    assert.equal(await migrateFirstSchema(database, KEYS, 2), true);
    assert.equal((await stateOf(database)).commit, 5, 'what is under way is not begun anew');
    assert.equal(await database.get(TOTALS), undefined);
    const moved = Uint8Array.from([...KEYS.items.gte, 1]);
    assert.deepEqual(new Uint8Array((await database.get(moved))!), NEW);
    assert.equal(await database.get(NEW), undefined);
    assert.equal(await migrateFirstSchema(database, KEYS, 2), false, 'a second time does nothing');
  });

  it('becomes the fourth schema with an index to build', async () => {
    const id = Uint8Array.from([...text.encode('id/'), 9]);
    const database = await first([NEW, id, TOTALS]);
    assert.equal(await migrateFirstSchema(database, KEYS, 1), true);
    assert.deepEqual(await stateOf(database), { ...EMPTY_STATE, rebuilding: true });
    const schema = new Uint8Array((await database.get(text.encode('meta/schema')))!);
    assert.deepEqual(schema, encodeSchema(4));
    assert.ok(await database.get(Uint8Array.from([...KEYS.ids.gte, 9])));
    assert.equal(await database.get(id), undefined);
  });
});
