import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../../src/protocol/index.ts';
import type { Item } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import { itemOf, World, world } from './world.ts';

describe('FetchService', () => {
  it('delivers items in order, names the absent ones, and counts bytes', async () => {
    const w = await world();
    const [one, two, three] = [itemOf(1), itemOf(2, 200_000), itemOf(3, 4)];
    w.hold(one, two, three);
    const unknown = new Uint8Array(32);
    const { report, got } = await w.fetch([three.id, unknown, two.id, one.id, three.id]);
    assert.deepEqual(got, [three, two, one]);
    assert.deepEqual(report, {
      peer: 'b',
      outcome: 'complete',
      items: 3,
      absent: [unknown],
      large: [],
      tooLarge: [],
      payloadBytes: 200_104,
      endedAt: null,
      error: null,
    });
    assert.equal(w.a.totals.receivedBytes, 200_104);
    assert.equal(w.b.totals.sentBytes, 200_104);
  });

  it('lets requests of a peer in debt wait, and charges it for what is served', async () => {
    const w = new World();
    const charged: string[] = [];
    let debtMs = 2_000;
    const work = {
      debtMs: (peer: string) => (peer === 'a' ? debtMs : 0),
      rest: (peer: string) =>
        new Promise<void>((resolve) => void w.clock.after(work.debtMs(peer), resolve)),
      charge: () => undefined,
      run: <Result>(peer: string, operation: () => Result): Result => {
        charged.push(peer);
        return operation();
      },
    };
    const c = w.service('c', {}, { work });
    await Promise.all([w.start(), c.start()]);
    w.network.connect('a', 'c', { latencyMs: 10 });
    await w.clock.advance(50);
    w.hold(itemOf(1));
    const items: Item[] = [];
    const onItems = (some: readonly Item[]) => void items.push(...some);
    const fetched = w.a.fetch({ peer: 'c', ids: [itemOf(1).id], onItems });
    await w.clock.advance(1_900);
    assert.deepEqual([items, charged, w.gets], [[], [], 0]);
    debtMs = 0;
    await w.clock.advance(300);
    assert.equal((await fetched).outcome, 'complete');
    assert.ok(items.length === 1 && charged.length > 0 && charged.every((peer) => peer === 'a'));
    await c.stop();
  });

  it('refuses the requests of a peer that is to get nothing, before it looks for an item, twice', async () => {
    const w = new World();
    const refusal = (peer: string) =>
      peer === 'a' ? new ProtocolError('ROLE_WRITE', 'it gets nothing') : null;
    const c = w.service('c', {}, { refusal });
    await Promise.all([w.start(), c.start()]);
    for (const peer of ['a', 'b']) w.network.connect(peer, 'c', { latencyMs: 10 });
    await w.clock.advance(50);
    w.hold(itemOf(1));
    for (const [asking, outcome, gets] of [
      [w.a, 'failed', 0],
      [w.b, 'complete', 1],
      [w.a, 'failed', 1],
    ] as const) {
      const fetched = asking.fetch({ peer: 'c', ids: [itemOf(1).id], onItems: () => {} });
      await w.clock.advance(1_000);
      assert.equal((await byNow(fetched, 'the request ends')).outcome, outcome);
      assert.equal(w.gets, gets);
    }
    await c.stop();
  });

  it('ends answers to a peer that is interrupted, and refuses its requests until they are wanted', async () => {
    const w = new World();
    let open = true;
    const c = w.service('c', {}, { answers: (peer) => peer !== 'a' || open });
    await Promise.all([w.start(), c.start()]);
    w.network.connect('a', 'c', { latencyMs: 10 });
    await w.clock.advance(50);
    w.hold(itemOf(1, 1_000_000));
    const fetch = async (forMs: number, meanwhile = () => {}) => {
      const fetched = w.a.fetch({
        peer: 'c',
        ids: [itemOf(1).id, itemOf(1, 1_000_000).id],
        onItems: () => {},
      });
      await w.clock.advance(15);
      meanwhile();
      await w.clock.advance(forMs);
      return (await byNow(fetched, 'the request ends')).outcome;
    };
    const interrupted = await fetch(1_000, () => {
      open = false;
      c.interrupt('b');
      c.interrupt('a');
    });
    assert.notEqual(interrupted, 'complete');
    const gets = w.gets;
    assert.notEqual(await fetch(1_000), 'complete');
    assert.equal(w.gets, gets, 'nothing is read for a refused request');
    open = true;
    assert.equal(await fetch(60_000), 'complete');
    await c.stop();
  });

  it('reports the length of an item above the requested length, without reading it', async () => {
    const w = await world();
    const [small, large] = [itemOf(1), itemOf(2, 200_000)];
    w.hold(small, large);
    const { report, got } = await w.fetch([large.id, small.id], { maxBytes: 100_000 });
    assert.deepEqual(got, [small]);
    assert.deepEqual(report.large, [{ id: large.id, length: 200_000 }]);
    assert.deepEqual([report.outcome, report.payloadBytes, w.gets], ['complete', 100, 1]);
  });

  it('reports items above its own limit apart', async () => {
    const w = await world({ maxItemBytes: 1_000 });
    const [large, tooLarge] = [itemOf(1, 1_000), itemOf(2, 1_001)];
    w.hold(large, tooLarge);
    const { report, got } = await w.fetch([tooLarge.id, large.id]);
    assert.deepEqual(got, [large]);
    assert.deepEqual([report.outcome, report.tooLarge], ['complete', [tooLarge.id]]);
  });

  it('asks in several frames, and reads while it asks', async () => {
    const w = await world({ maxIdsPerFrame: 7, receiveWindowBytes: 500 });
    const items = Array.from({ length: 200 }, (_, i) => itemOf(i));
    w.hold(...items);
    const { report, got } = await w.fetch(items.map(({ id }) => id));
    assert.equal(report.outcome, 'complete');
    assert.deepEqual(got, items);
  });

  it('asks for nothing without a stream, and refuses to ask for too much', async () => {
    const w = await world({ maxIdsPerRequest: 3 });
    assert.equal((await w.fetch([])).report.outcome, 'complete');
    const ids = [1, 2, 3, 4].map((n) => itemOf(n).id);
    const { report } = await w.fetch(ids);
    assert.equal(report.outcome, 'failed');
    assert.equal(report.error?.code, 'BUDGET_SPENT');
    assert.deepEqual(report.endedAt, ids[0]);
    assert.equal(w.gets, 0);
  });

  it('reads ahead no further than the window while an item is being stored', async () => {
    const w = await world({ receiveWindowBytes: 100_000 });
    // Larger than what leaves together.
    const items = Array.from({ length: 100 }, (_, i) => itemOf(i, 20_000));
    w.hold(...items);
    let taken = 0;
    const onItems = () =>
      new Promise<void>((resolve) => {
        taken++;
        w.clock.after(15_000, resolve);
      });
    const running = w.a.fetch({ peer: 'b', ids: items.map(({ id }) => id), onItems });
    await w.clock.advance(30_000 - 100);
    assert.equal(taken, 2);
    assert.ok(w.gets <= 12, `${w.gets} items were read for 2`);
    await w.clock.advance(2_000_000);
    const report = await byNow(running, 'the request has not ended');
    assert.equal(report.outcome, 'complete', 'our own slowness is no stall of the peer');
  });

  it('runs two requests to a peer at a time, and queues the others', async () => {
    const w = await world();
    w.hold(itemOf(1));
    let most = 0;
    let now = 0;
    const onItems = async () => {
      most = Math.max(most, ++now);
      await new Promise<void>((resolve) => w.clock.after(1_000, resolve));
      now--;
    };
    const running = Array.from({ length: 5 }, () =>
      w.a.fetch({ peer: 'b', ids: [itemOf(1).id], onItems }),
    );
    await w.clock.advance(60_000);
    const reports = await byNow(Promise.all(running), 'a request that ended kept its place');
    for (const { outcome } of reports) assert.equal(outcome, 'complete');
    assert.equal(most, 2);
  });

  it('answers a few requests of a peer at a time, and queues the others', async () => {
    const options = { requestsPerPeer: 20, servedPerPeer: 3, receiveWindowBytes: 1 };
    const w = await world(options, { latencyMs: 10, bytesPerMs: 1_000 });
    const items = Array.from({ length: 20 }, (_, i) => itemOf(i, 100_000));
    w.hold(...items);
    const running = items.map(({ id }) => w.a.fetch({ peer: 'b', ids: [id], onItems: () => {} }));
    await w.clock.advance(60);
    assert.equal(w.gets, 3);
    await w.clock.advance(60_000);
    const reports = await byNow(Promise.all(running), 'an answered request kept its place');
    for (const { outcome } of reports) assert.equal(outcome, 'complete');
    assert.equal(w.clock.pending, 0);
  });

  it('stops queued requests too', async () => {
    const w = await world({ requestsPerPeer: 3, servedPerPeer: 1, receiveWindowBytes: 1 });
    const item = itemOf(1, 500_000);
    w.hold(item);
    const ask = () => w.a.fetch({ peer: 'b', ids: [item.id], onItems: () => {} });
    const running = [ask(), ask(), ask()];
    await w.clock.advance(45);
    await byNow(w.b.stop(), 'it waits for the requests it serves, and does not stop');
    await w.clock.advance(100);
    const reports = await byNow(Promise.all(running), 'requests go on after their source stopped');
    for (const { outcome } of reports) assert.equal(outcome, 'failed');
    assert.equal(w.gets, 1);
  });

  it('reports an error of the consumer as its own', async () => {
    const w = (await world()).hold(itemOf(1));
    const onItems = () => {
      throw Object.assign(new Error('no room'), { code: 'DISK_FULL' });
    };
    const { report } = await w.fetch([itemOf(1).id], { onItems });
    assert.deepEqual([report.outcome, report.items], ['failed', 0]);
    assert.deepEqual(report.error, { code: 'DISK_FULL', message: 'no room' });
  });

  it('is aborted by its signal, before, during and while it waits for room', async () => {
    const w = (await world()).hold(itemOf(1, 500_000));
    const abort = new AbortController();
    const request = { ids: [itemOf(1, 500_000).id], signal: abort.signal };
    const never = () => new Promise<void>(() => {});
    const running = [1, 2, 3].map(() => w.a.fetch({ peer: 'b', onItems: () => {}, ...request }));
    await w.clock.advance(25);
    abort.abort();
    await w.clock.advance(1);
    const late = w.a.fetch({ peer: 'b', onItems: never, ...request });
    const all = Promise.all([...running, late]);
    for (const { outcome, error } of await byNow(
      all,
      'a request goes on after it was called off',
    )) {
      assert.deepEqual([outcome, error?.code], ['failed', 'ABORTED']);
    }
    await w.clock.advance(60_000);
    assert.equal(w.clock.pending, 0);
  });

  it('stops in both roles', async () => {
    const w = (await world({ receiveWindowBytes: 1 })).hold(itemOf(1, 500_000));
    const running = w.a.fetch({ peer: 'b', ids: [itemOf(1, 500_000).id], onItems: () => {} });
    await w.clock.advance(45);
    await byNow(Promise.all([w.a.stop(), w.b.stop()]), 'they do not stop');
    assert.equal((await byNow(running, 'a request goes on after the stop')).error?.code, 'ABORTED');
    const { report } = await w.fetch([itemOf(1).id]);
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'ABORTED']);
  });
});
