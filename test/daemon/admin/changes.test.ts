import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { feedLines } from '../../../src/daemon/admin/testing.ts';
import { type ChangesLine, changesLine } from '../../../src/daemon/schemas/index.ts';
import { bytesToHex, itemId, StoreError } from '../../../src/store/index.ts';
import { until } from '../../e2e/support/mesh.ts';
import { VirtualClock } from '../../support/clock.ts';
import { type RunningAdmin, type Sent, send, startAdminFor } from './running-admin.ts';

const EPOCH = '0123456789abcdef';
const NEXT = 'fedcba9876543210';

/** Puts `count` items of one byte each at hints from `from` on. */
async function fill({ node }: RunningAdmin, count: number, from = 0): Promise<void> {
  for (let i = from; i < from + count; i++) await node.put(new Uint8Array([i]), BigInt(i));
}

function linesOf({ body }: Pick<Sent, 'body'>): ChangesLine[] {
  const lines = new TextDecoder().decode(body).trimEnd().split('\n');
  return lines.map((line) => changesLine.parse(JSON.parse(line)));
}

const seqsOf = (lines: readonly ChangesLine[]) =>
  lines.flatMap((line) => ('seq' in line ? [line.seq] : []));

describe('GET /v1/changes', () => {
  it('gives a header, the entries in order, and a trailer', async (context) => {
    const running = await startAdminFor(context);
    const { node, url } = running;
    await fill(running, 1);
    const id = itemId(7n, new Uint8Array([9]));
    node.feed.add({ id, hint: 7n, bytes: 1, at: 1_700_000_000_000, source: 'a "peer"' });
    node.feed.add({ id, hint: 7n, bytes: 1, at: 1_700_000_000_000, source: 'a "peer"/b' });
    node.feed.add({ id, hint: 8n, bytes: 1, at: 0, source: null });
    const answer = await send(url, '/v1/changes', { token: false });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['rangemesh-epoch'], EPOCH);
    assert.deepEqual(linesOf(answer), [
      { epoch: EPOCH, since: 0, newest: 4 },
      {
        ...{ seq: 1, id: bytesToHex(itemId(0n, new Uint8Array([0]))), hint: '0', bytes: 1 },
        ...{ from: 'local', publisher: null, at: '1970-01-01T00:00:00.001Z' },
      },
      {
        ...{ seq: 2, id: bytesToHex(id), hint: '7', bytes: 1 },
        ...{ from: 'a "peer"', publisher: null, at: '2023-11-14T22:13:20.000Z' },
      },
      {
        ...{ seq: 3, id: bytesToHex(id), hint: '7', bytes: 1 },
        ...{ from: 'a "peer"', publisher: 'b', at: '2023-11-14T22:13:20.000Z' },
      },
      {
        ...{ seq: 4, id: bytesToHex(id), hint: '8', bytes: 1 },
        ...{ from: null, publisher: null, at: null },
      },
      { last: 4, epoch: EPOCH },
    ]);
  });

  it('goes on from a place, and ends at the limit or at the last place at its beginning', async (context) => {
    const running = await startAdminFor(context);
    await fill(running, 5);
    const ask = async (query: string) => linesOf(await send(running.url, `/v1/changes?${query}`));
    const some = await ask('since=1&limit=2');
    assert.deepEqual(seqsOf(some), [2, 3]);
    assert.deepEqual(some.at(-1), { last: 3, epoch: EPOCH });
    assert.deepEqual(seqsOf(await ask(`since=3&epoch=${EPOCH}`)), [4, 5]);
    assert.deepEqual(seqsOf(await ask('since=5')), []);
    const { feed } = running.node;
    const { arrivals } = feed;
    const id = new Uint8Array(32);
    const add = (count: number) => {
      for (let i = 0; i < count; i++) feed.add({ id, hint: 1n, bytes: 1, at: 1, source: null });
    };
    add(600);
    feed.arrivals = async (...given) => {
      const page = await arrivals.apply(feed, given);
      add(10);
      return page;
    };
    assert.deepEqual((await ask('since=3')).at(-1), { last: 605, epoch: EPOCH });
  });

  it('goes over the places of items that have left, over pages too', async (context) => {
    const running = await startAdminFor(context);
    const { feed } = running.node;
    const entry = { id: new Uint8Array(32), hint: 1n, bytes: 1, at: 1, source: null };
    for (let seq = 3; seq <= 1_800; seq += 3) feed.add({ ...entry, seq });
    const lines = linesOf(await send(running.url, '/v1/changes'));
    assert.deepEqual(
      seqsOf(lines),
      Array.from({ length: 600 }, (_, i) => 3 * i + 3),
    );
    assert.deepEqual(lines.at(-1), { last: 1_800, epoch: EPOCH });
    const { arrivals } = feed;
    feed.arrivals = async (...given) => {
      feed.add(entry);
      return { ...(await arrivals.apply(feed, given)), last: 1_800 };
    };
    const some = linesOf(await send(running.url, '/v1/changes?since=1797'));
    assert.deepEqual(seqsOf(some), [1_800], 'and ends at the last place at its beginning');
  });

  it('reads many pages, each once', async (context) => {
    const running = await startAdminFor(context);
    const id = new Uint8Array(32);
    for (let i = 0; i < 1_025; i++) {
      running.node.feed.add({ id, hint: 1n, bytes: 1, at: 1, source: null });
    }
    const lines = linesOf(await send(running.url, '/v1/changes'));
    assert.deepEqual(
      seqsOf(lines),
      Array.from({ length: 1_025 }, (_, i) => i + 1),
    );
    assert.equal(running.node.feed.reads, 3);
    const few = linesOf(await send(running.url, '/v1/changes?limit=513'));
    assert.deepEqual([seqsOf(few).length, few.at(-1)], [513, { last: 513, epoch: EPOCH }]);
    await send(running.url, '/v1/changes?limit=512');
    assert.equal(running.node.feed.reads, 6, 'a limit ends reading');
  });

  it('has payloads on request, long ones in pieces, and null for an item that is gone', async (context) => {
    const running = await startAdminFor(context, { limits: { maxItemBytes: 2 ** 20 } });
    const { node, url } = running;
    const payloads = [0, 1, 65_536, 65_537, 200_000].map((length, seed) =>
      new Uint8Array(length).map((_, i) => i * 7 + seed),
    );
    for (const payload of payloads) await node.put(payload, 1n);
    const gone = await node.put(new Uint8Array([1, 2]), 1n);
    const damaged = await node.put(new Uint8Array(100_000), 1n);
    node.items.delete(bytesToHex(gone.id));
    const { get } = node;
    node.get = async (id) => {
      if (bytesToHex(id) !== bytesToHex(damaged.id)) return get.call(node, id);
      throw new StoreError('STORE_CORRUPT', 'damaged');
    };
    const lines = linesOf(await send(url, '/v1/changes?payloads=true'));
    assert.deepEqual(
      lines.flatMap((line) => ('seq' in line ? [line.payload] : [])),
      [...payloads.map((payload) => Buffer.from(payload).toString('base64')), null, null],
    );
    assert.deepEqual(lines.at(-1), { last: 7, epoch: EPOCH });
  });

  it('gives the memory of each long payload back before it takes that of the next', async (context) => {
    const bounds = { answerBytes: 100_000, memoryWaitMs: 50 };
    const limits = { maxItemBytes: 2 ** 20 };
    const { node, url } = await startAdminFor(context, { bounds, limits });
    for (let i = 0; i < 20; i++) await node.put(new Uint8Array(90_000).fill(i), 1n);
    const lines = linesOf(await send(url, '/v1/changes?payloads=true'));
    assert.deepEqual(lines.at(-1), { last: 20, epoch: EPOCH });
  });

  it('reads a page once, and never holds the payloads of all its entries', async (context) => {
    const { node, url } = await startAdminFor(context, { limits: { maxItemBytes: 2 ** 20 } });
    for (let i = 0; i < 100; i++) await node.put(new Uint8Array(60_000).fill(i), 1n);
    let gets = 0;
    const { get } = node;
    node.get = (id) => {
      gets++;
      return get.call(node, id);
    };
    assert.equal(linesOf(await send(url, '/v1/changes?payloads=true')).length, 102);
    assert.deepEqual([node.feed.reads, gets], [1, 100]);
    const texts = feedLines({
      feed: node.feed,
      since: 0,
      first: await node.feed.arrivals(0, { limit: 512 }),
      limit: 100,
      source: { get: (id) => node.get(id), hold: async () => () => undefined },
      signal: new AbortController().signal,
      refusalOf: () => ({ code: 'INTERNAL', message: 'none' }),
    });
    for await (const { length } of texts) assert.ok(length < 2 ** 18, `${length} characters`);
  });

  it('refuses a place of another epoch, and says which epoch runs', async (context) => {
    const running = await startAdminFor(context);
    await fill(running, 2);
    const { status, json, headers } = await send(running.url, `/v1/changes?since=1&epoch=${NEXT}`);
    assert.deepEqual([status, json.code], [410, 'FEED_RESET']);
    assert.match(json.message, new RegExp(`${EPOCH}.*since=0`));
    assert.equal(headers['rangemesh-epoch'], EPOCH);
  });

  it('refuses a place that was never given', async (context) => {
    const running = await startAdminFor(context);
    await fill(running, 2);
    for (const query of ['since=3', `since=3&epoch=${EPOCH}`]) {
      const { status, json } = await send(running.url, `/v1/changes?${query}`);
      assert.deepEqual([status, json.code], [400, 'SINCE_ABOVE_LAST']);
    }
    assert.equal((await send(running.url, '/v1/changes?since=2')).status, 200);
  });

  it('refuses queries that it does not understand', async (context) => {
    const { url } = await startAdminFor(context);
    const wrong = [
      ...['since=-1', 'since=x', 'since=9007199254740992', 'limit=0', 'epoch=1', 'payloads=1'],
      ...['wait=61s', 'wait=-1', 'wait=1m', 'from=1'],
    ];
    for (const query of wrong) {
      const { status, json } = await send(url, `/v1/changes?${query}`);
      assert.deepEqual([status, json.code], [400, 'INVALID_QUERY'], query);
    }
  });

  it('ends with an error where the store fails on the way, or another epoch begins', async (context) => {
    const running = await startAdminFor(context);
    const { feed } = running.node;
    const id = new Uint8Array(32);
    for (let i = 0; i < 600; i++) feed.add({ id, hint: 1n, bytes: 1, at: 1, source: null });
    const { arrivals } = feed;
    const failures: (() => void)[] = [
      () => {
        feed.fault = new StoreError('STORE_UNAVAILABLE', 'opened again');
      },
      () => {
        feed.fault = null;
        feed.reset(NEXT);
      },
    ];
    for (const [at, fail] of failures.entries()) {
      feed.arrivals = async (...given) => {
        const page = await arrivals.apply(feed, given);
        fail();
        return page;
      };
      const lines = linesOf(await send(running.url, '/v1/changes'));
      assert.equal(seqsOf(lines).length, 512);
      const last = lines.at(-1)!;
      assert.ok('error' in last);
      assert.equal(last.error.code, ['STORE_UNAVAILABLE', 'FEED_RESET'][at]);
      feed.fault = null;
    }
  });

  it('tells the head of an answer to HEAD', async (context) => {
    const { url, node } = await startAdminFor(context);
    const { status, headers } = await send(url, '/v1/changes?wait=60s', { method: 'HEAD' });
    assert.deepEqual(
      [status, headers['content-type']],
      [200, 'application/x-ndjson; charset=utf-8'],
    );
    assert.equal(node.feed.reads, 0);
  });
});

describe('GET /v1/changes?wait=', () => {
  /** Resolves once a request waits. */
  const waiting = ({ node }: RunningAdmin, count = 1) =>
    until(
      async () => node.feed.listeners,
      (now) => now === count,
    );

  it('answers at once where there are entries', async (context) => {
    const running = await startAdminFor(context, { clock: new VirtualClock() });
    await fill(running, 1);
    const lines = linesOf(await send(running.url, '/v1/changes?wait=30s'));
    assert.deepEqual(seqsOf(lines), [1]);
  });

  it('waits until an item comes', async (context) => {
    const running = await startAdminFor(context, { clock: new VirtualClock() });
    await fill(running, 1);
    for (let round = 1; round <= 2; round++) {
      const answer = send(running.url, `/v1/changes?since=${round}&wait=60s`);
      await waiting(running);
      await fill(running, 1, round);
      assert.deepEqual(seqsOf(linesOf(await answer)), [round + 1]);
      assert.equal(running.node.feed.listeners, 0);
    }
  });

  it('answers without entries when the time is over, and not before', async (context) => {
    const clock = new VirtualClock();
    const running = await startAdminFor(context, { clock });
    let answered = false;
    const answer = send(running.url, '/v1/changes?wait=30').finally(() => {
      answered = true;
    });
    await waiting(running);
    await clock.advance(29_999);
    assert.equal(answered, false);
    await clock.advance(1);
    assert.deepEqual(linesOf(await answer), [
      { epoch: EPOCH, since: 0, newest: 0 },
      { last: 0, epoch: EPOCH },
    ]);
    assert.equal(clock.pending, 0);
  });

  it('refuses the place once another epoch begins', async (context) => {
    const running = await startAdminFor(context, { clock: new VirtualClock() });
    const answer = send(running.url, '/v1/changes?wait=60s');
    await waiting(running);
    running.node.feed.reset(NEXT);
    const { status, headers } = await answer;
    assert.deepEqual([status, headers['rangemesh-epoch']], [410, NEXT]);
  });

  it('answers when the endpoint closes', async (context) => {
    const clock = new VirtualClock();
    const running = await startAdminFor(context, { clock });
    const answer = send(running.url, '/v1/changes?wait=60s');
    await waiting(running);
    await running.admin.close();
    assert.deepEqual(linesOf(await answer).at(-1), { last: 0, epoch: EPOCH });
    assert.equal(clock.pending, 0);
  });

  it('is refused beyond the readers that may be there, and possible again once one has left', async (context) => {
    const bounds = { maxFeeds: 2 };
    const running = await startAdminFor(context, { clock: new VirtualClock(), bounds });
    const { url, node } = running;
    for (let round = 0; round < 2; round++) {
      const answers = [1, 2].map(() => send(url, `/v1/changes?since=${round}&wait=60s`));
      await waiting(running, 2);
      const { status, json } = await send(url, '/v1/changes');
      assert.deepEqual([status, json.code], [503, 'BUSY']);
      await fill(running, 1, round);
      for (const answer of answers) assert.equal((await answer).status, 200);
    }
    assert.equal((await send(url, '/v1/changes')).status, 200);
    assert.equal(node.feed.listeners, 0);
  });
});
