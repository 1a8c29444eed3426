import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { events, type ServerSentEvent } from '../../../src/daemon/client/index.ts';
import { StoreError } from '../../../src/store/index.ts';
import { until } from '../../e2e/support/mesh.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { within } from '../../support/within.ts';
import { type RunningAdmin, send, startAdmin } from './running-admin.ts';
import { dial } from './sockets.ts';

const EPOCH = '0123456789abcdef';
const NEXT = 'fedcba9876543210';
const ACCEPT = { accept: 'text/event-stream' };

async function open(
  context: TestContext,
  init: Parameters<typeof startAdmin>[0] = {},
): Promise<RunningAdmin> {
  const running = await startAdmin({ clock: new VirtualClock(), ...init });
  cleanUp(context, () => running.admin.close());
  return running;
}

/** A reader of events, gone at the end of the test. */
async function listen(context: TestContext, url: string, headers = {}, query = '') {
  const gone = new AbortController();
  cleanUp(context, () => gone.abort());
  const { body, status } = await fetch(`${url}/v1/changes${query}`, {
    headers: { ...ACCEPT, ...headers },
    signal: gone.signal,
  });
  assert.equal(status, 200);
  const reader = events(body!);
  return {
    leave: () => gone.abort(),
    /** The next event; undefined at the end. */
    next: async (): Promise<ServerSentEvent | undefined> => {
      const { value } = await within(reader.next(), 'an event');
      return value ?? undefined;
    },
    /** The ids of the next events. */
    async ids(count: number): Promise<string[]> {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) ids.push((await this.next())!.id);
      return ids;
    },
  };
}

async function fill({ node }: RunningAdmin, count: number, from = 0): Promise<void> {
  for (let i = from; i < from + count; i++) await node.put(new Uint8Array([i]), BigInt(i));
}

describe('events of /v1/changes', () => {
  it('tell of the items that there are, and of items as they come', async (context) => {
    const running = await open(context);
    await fill(running, 2);
    const reader = await listen(context, running.url, {}, '?since=1&payloads=true');
    const begin = await reader.next();
    assert.deepEqual([begin?.event, begin?.id], ['begin', `${EPOCH}-1`]);
    const second = await reader.next();
    assert.deepEqual([second?.event, second?.id], ['item', `${EPOCH}-2`]);
    const { seq, hint, payload } = JSON.parse(second!.data);
    assert.deepEqual([seq, hint, payload], [2, '1', 'AQ==']);
    for (let i = 2; i < 5; i++) {
      await fill(running, 1, i);
      assert.equal((await reader.next())?.id, `${EPOCH}-${i + 1}`);
    }
    const entry = { id: new Uint8Array(32), hint: 1n, bytes: 1, at: 1, source: null };
    for (const seq of [9, 12]) {
      running.node.feed.add({ ...entry, seq });
      assert.equal((await reader.next())?.id, `${EPOCH}-${seq}`, 'over places that are empty');
    }
  });

  it('go on behind the last one that a client has, twice in a row', async (context) => {
    const running = await open(context);
    await fill(running, 5);
    let last = '';
    for (const expected of [1, 3]) {
      const header = last === '' ? {} : { 'last-event-id': last };
      // The address that a browser connects to again has the first place.
      const reader = await listen(context, running.url, header, '?since=0');
      const ids = (await reader.ids(3)).slice(1);
      assert.deepEqual(ids, [`${EPOCH}-${expected}`, `${EPOCH}-${expected + 1}`]);
      last = ids[1]!;
      reader.leave();
    }
  });

  it('say that an epoch has begun, and follow it from its beginning', async (context) => {
    const running = await open(context);
    await fill(running, 2);
    const reader = await listen(context, running.url);
    await reader.ids(3);
    running.node.feed.reset(NEXT);
    const reset = await reader.next();
    assert.deepEqual([reset?.event, reset?.id], ['reset', `${NEXT}-0`]);
    assert.deepEqual(JSON.parse(reset!.data), { epoch: NEXT, last: 2 });
    assert.deepEqual(await reader.ids(2), [`${NEXT}-1`, `${NEXT}-2`]);
    const late = await listen(context, running.url, { 'last-event-id': `${EPOCH}-2` });
    assert.deepEqual(await late.ids(4), [
      ...[`${EPOCH}-2`, `${NEXT}-0`],
      ...[`${NEXT}-1`, `${NEXT}-2`],
    ]);
  });

  it('have a sign of life every 15 seconds without items', async (context) => {
    const clock = new VirtualClock();
    const { url, node } = await open(context, { clock });
    const gone = new AbortController();
    cleanUp(context, () => gone.abort());
    const { body } = await fetch(`${url}/v1/changes`, { headers: ACCEPT, signal: gone.signal });
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async () => (await within(reader.read(), 'a sign of life')).value;
    assert.match((await next())!, /^id: .*event: begin\n/s);
    for (let round = 0; round < 2; round++) {
      await until(
        async () => clock.pending,
        (timers) => timers > 0,
      );
      await clock.advance(15_000);
      assert.equal(await next(), ': idle\n\n');
    }
    assert.equal(node.feed.listeners, 1);
  });

  it('end when the endpoint closes, and leave nothing behind', async (context) => {
    const clock = new VirtualClock();
    const { url, node, admin } = await open(context, { clock });
    const reader = await listen(context, url);
    await reader.next();
    await admin.close();
    assert.equal(await reader.next(), undefined);
    assert.deepEqual([node.feed.listeners, clock.pending], [0, 0]);
  });

  it('leave nothing behind when clients leave', async (context) => {
    const { url, node } = await open(context, { bounds: { maxFeeds: 2 } });
    const listeners = (count: number) =>
      until(
        async () => node.feed.listeners,
        (now) => now === count,
      );
    for (let round = 0; round < 2; round++) {
      const readers = [await listen(context, url), await listen(context, url)];
      await listeners(2);
      const { status, json } = await send(url, '/v1/changes', { headers: ACCEPT });
      assert.deepEqual([status, json.code], [503, 'BUSY']);
      for (const { leave } of readers) leave();
      await listeners(0);
    }
  });

  it('end with the reason where the store fails', async (context) => {
    const running = await open(context);
    const reader = await listen(context, running.url);
    await reader.next();
    running.node.feed.fault = new StoreError('STORE_UNAVAILABLE', 'opened again');
    await fill(running, 1);
    const failed = await reader.next();
    assert.deepEqual([failed?.event, failed?.id], ['failed', `${EPOCH}-0`]);
    assert.deepEqual(JSON.parse(failed!.data), {
      code: 'STORE_UNAVAILABLE',
      message: 'opened again',
    });
    assert.equal(await reader.next(), undefined);
    assert.equal(running.node.feed.listeners, 0);
  });

  it('refuse a place that was never given, a wrong id, a limit and a wait', async (context) => {
    const running = await open(context);
    await fill(running, 1);
    const ask = async (query: string, headers = {}) =>
      (await send(running.url, `/v1/changes${query}`, { headers: { ...ACCEPT, ...headers } })).json
        .code;
    assert.equal(await ask('?since=2'), 'SINCE_ABOVE_LAST');
    assert.equal(await ask('', { 'last-event-id': `${EPOCH}-2` }), 'SINCE_ABOVE_LAST');
    for (const id of ['', '1', `${EPOCH}-`, `${EPOCH}-9007199254740992`]) {
      assert.equal(await ask('', { 'last-event-id': id }), 'INVALID_CURSOR', id);
    }
    assert.equal(await ask('?limit=1'), 'INVALID_QUERY');
    assert.equal(await ask('?wait=1s'), 'INVALID_QUERY');
    running.node.feed.fault = new StoreError('STORE_REBUILDING', 'being built');
    assert.equal(await ask(''), 'STORE_REBUILDING');
  });
});

describe('a slow reader of /v1/changes', () => {
  for (const accept of ['application/x-ndjson', 'text/event-stream']) {
    it(`has no more pages read than its connection takes, as ${accept}`, async (context) => {
      const { url, node } = await open(context);
      const id = new Uint8Array(32);
      const add = (count: number) => {
        for (let i = 0; i < count; i++) {
          node.feed.add({ id, hint: 1n, bytes: 1, at: 1, source: null });
        }
      };
      add(200_000);
      const socket = await dial(context, url);
      socket.pause();
      socket.write(`GET /v1/changes HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\n\r\n`);
      // The reading comes to a halt once the buffers of the connection are full.
      let before = -1;
      await until(
        async () => {
          const reads = node.feed.reads;
          const still = reads > 1 && reads === before;
          before = reads;
          return still;
        },
        (still) => still,
      );
      const stopped = node.feed.reads;
      assert.ok(stopped < 200, `${stopped} of 391 pages were read`);
      add(10_000);
      await send(url, '/livez');
      assert.equal(node.feed.reads, stopped, 'new items have no page read');
    });
  }
});
