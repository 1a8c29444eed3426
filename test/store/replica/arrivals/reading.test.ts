import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FeedResetError, verifyItem } from '../../../../src/store/index.ts';
import { settle } from '../../../support/clock.ts';
import { idOf, MemorySet } from '../in-memory.ts';
import { coded, gateBatches, item, items } from '../support.ts';
import { hintsOf, wholeOrder } from './support.ts';

function verified(number: number) {
  const one = item(number);
  return verifyItem({ ...one, id: idOf(one) });
}

describe('the order of arrival', () => {
  it('has the items of each commit in the order they were put, with time, source and size', async (t) => {
    const set = new MemorySet();
    const replica = await set.open(t);
    await replica.put([item(5), item(2, 30), item(9)]);
    await set.clock.advance(10);
    await replica.putVerified([verified(4), verified(5), verified(1)], { source: 'peer' });
    const { epoch, last, entries } = await replica.arrivals(0, { limit: 100 });
    assert.deepEqual([epoch, last], [replica.epoch, 5]);
    assert.match(epoch, /^[0-9a-f]{16}$/);
    const now = set.clock.now();
    const expected = [
      [1, 5, 20, now - 10, null],
      [2, 2, 30, now - 10, null],
      [3, 9, 20, now - 10, null],
      [4, 4, 20, now, 'peer'],
      [5, 1, 20, now, 'peer'],
    ];
    assert.deepEqual(
      entries.map(({ seq, hint, bytes, at, source }) => [seq, Number(hint), bytes, at, source]),
      expected,
    );
    assert.deepEqual(entries[1]?.id, idOf(item(2, 30)));
    assert.deepEqual(await replica.arrivalOf(idOf(item(1))), { seq: 5, at: now, source: 'peer' });
    assert.equal(await replica.arrivalOf(idOf(item(3))), undefined);
  });

  it('tells the sources of items that share a commit', async (t) => {
    const set = new MemorySet();
    const replica = await set.open(t);
    const gate = gateBatches(set.database);
    const first = replica.put([item(0)]);
    await settle();
    const puts = [
      replica.putVerified([verified(3)], { source: 'b' }),
      replica.putVerified([verified(2), verified(6)], { source: 'a' }),
      replica.putVerified([verified(1)], { source: 'b' }),
      replica.putVerified([verified(7)]),
    ];
    await settle();
    gate.open();
    await Promise.all([first, ...puts]);
    assert.deepEqual(gate.batches, [1, 5]);
    const found = (await wholeOrder(replica)).map(({ hint, source }) => [Number(hint), source]);
    const expected = [
      [0, null],
      [3, 'b'],
      [2, 'a'],
      [6, 'a'],
      [1, 'b'],
      [7, null],
    ];
    assert.deepEqual(found, expected);
  });

  it('is read from any place on, in pages of any size', async (t) => {
    const replica = await new MemorySet().open(t);
    for (const [from, count] of [
      [0, 1],
      [1, 9],
      [10, 10],
      [20, 1],
    ] as const)
      await replica.put(items(from + count).slice(from));
    for (let since = 0; since <= 21; since++) {
      for (const limit of [1, 4, 9, 21]) {
        const { entries, last } = await replica.arrivals(since, { limit });
        const hints = Array.from({ length: 21 }, (_, i) => i).slice(since, since + limit);
        assert.deepEqual([hintsOf(entries), last], [hints, 21], `since ${since}, limit ${limit}`);
      }
    }
  });

  it('is read up to so many payload bytes, and one entry at least', async (t) => {
    const replica = await new MemorySet().open(t);
    await replica.put([item(0, 30), item(1, 20), item(2, 20)]);
    for (const [maxBytes, count] of [
      [0, 1],
      [30, 1],
      [49, 1],
      [50, 2],
      [70, 3],
    ] as const) {
      const { entries } = await replica.arrivals(0, { limit: 10, maxBytes });
      assert.equal(entries.length, count, `${maxBytes} bytes`);
    }
  });

  it('goes on where it was when the set is opened again', async (t) => {
    const set = new MemorySet();
    const first = await set.open(t);
    await first.put(items(3));
    const { epoch } = first;
    await first.close();
    const second = await set.open(t);
    assert.deepEqual([second.epoch, second.lastArrival], [epoch, 3]);
    await second.put(items(5));
    assert.deepEqual(hintsOf(await wholeOrder(second, 2)), [0, 1, 2, 3, 4]);
  });

  it('shows nothing that is not on disk, and nothing of a put that failed', async (t) => {
    const set = new MemorySet();
    const replica = await set.open(t);
    const gate = gateBatches(set.database);
    const put = replica.put(items(3));
    await settle();
    assert.equal(replica.lastArrival, 0);
    gate.fail(new Error('no space left on device'));
    await assert.rejects(put, coded('DISK_FULL'));
    assert.deepEqual(await wholeOrder(replica), []);
  });

  it('spreads a commit of many items over records that a reader can hold', async (t) => {
    const set = new MemorySet();
    const limits = { maxBatchItems: 10_000 };
    const replica = await set.open(t, { limits, index: { bufferItems: 65_536 } });
    await replica.put(items(4_097));
    const keys = await set.database.keys({ gte: 'set/a', lt: 'set/b' }).all();
    assert.equal(keys.length, 2);
    const { entries } = await replica.arrivals(4_094, { limit: 100 });
    assert.deepEqual(hintsOf(entries), [4_094, 4_095, 4_096]);
    assert.equal((await replica.verify()).ok, true);
  });

  it('tells its listeners after each commit that adds to it', async (t) => {
    const replica = await new MemorySet().open(t);
    const heard: number[] = [];
    const end = replica.onArrival(() => heard.push(replica.lastArrival));
    await replica.put(items(3));
    await replica.put(items(3));
    await replica.put(items(4));
    end();
    await replica.put(items(5));
    assert.deepEqual(heard, [3, 4]);
  });

  it('refuses places of another epoch, or places never given, and says where it is', async (t) => {
    const replica = await new MemorySet().open(t);
    await replica.put(items(3));
    const { epoch } = replica;
    for (const [since, init] of [
      [0, { limit: 1, epoch: '0123456789abcdef' }],
      [4, { limit: 1 }],
      [4, { limit: 1, epoch }],
    ] as const) {
      await assert.rejects(replica.arrivals(since, init), (error) => {
        assert.ok(error instanceof FeedResetError);
        assert.deepEqual([error.code, error.epoch, error.last], ['FEED_RESET', epoch, 3]);
        return error.message.includes(epoch);
      });
    }
    assert.deepEqual((await replica.arrivals(3, { limit: 1, epoch })).entries, []);
  });

  it('refuses wrong places, limits and sources', async (t) => {
    const replica = await new MemorySet().open(t);
    for (const since of [-1, 0.5, Number.NaN, '1' as unknown as number])
      await assert.rejects(replica.arrivals(since, { limit: 1 }), coded('INVALID_BOUND'));
    for (const limit of [0, 10_001, 1.5])
      await assert.rejects(replica.arrivals(0, { limit }), coded('INVALID_LIMIT'));
    await assert.rejects(replica.arrivals(0, { limit: 1, maxBytes: -1 }), coded('INVALID_LIMIT'));
    for (const source of ['', 'é'.repeat(128), 7 as unknown as string])
      await assert.rejects(replica.putVerified([], { source }), coded('INVALID_INIT'));
    await replica.putVerified([verified(1)], { source: 'é'.repeat(127) });
    assert.equal((await wholeOrder(replica))[0]?.source, 'é'.repeat(127));
  });
});
