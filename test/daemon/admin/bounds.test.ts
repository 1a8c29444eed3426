import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/daemon/system/index.ts';
import type { Clock } from '../../../src/store/index.ts';
import { until } from '../../e2e/support/mesh.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { within } from '../../support/within.ts';
import { type RunningAdmin, send, startAdmin, TOKEN } from './running-admin.ts';
import { closed, dial } from './sockets.ts';

type Bounds = NonNullable<Parameters<typeof startAdmin>[0]>['bounds'];

async function open(
  context: TestContext,
  bounds: Bounds = {},
  clock: Clock = systemClock,
): Promise<RunningAdmin> {
  const running = await startAdmin({ bounds, clock, limits: { maxItemBytes: 2 ** 24 } });
  cleanUp(context, () => running.admin.close());
  return running;
}

/** More than the buffers of a connection take. */
const LONG = 2 ** 24;
const PUT_LONG = { method: 'POST', body: new Uint8Array(LONG) };

/** The path of an item that is new. */
async function putLong(url: string): Promise<string> {
  const { json } = await send(url, '/v1/items?hint=1', PUT_LONG);
  return `/v1/items/${json.id}`;
}

/** A client that asks, and reads no answer. */
async function ask(context: TestContext, url: string, path: string): Promise<Socket> {
  const socket = await dial(context, url);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return socket;
}

/** Counts the payloads read from the node from now on. */
function countReads(node: RunningAdmin['node']) {
  const original = node.get.bind(node);
  const reads = {
    count: 0,
    reach: (count: number) =>
      until(
        async () => reads.count,
        (now) => now === count,
      ),
  };
  node.get = async (id, options) => {
    const item = await original(id, options);
    if (item !== undefined) reads.count++;
    return item;
  };
  return reads;
}

const dialAll = (context: TestContext, url: string, count: number, text = '') =>
  Promise.all(Array.from({ length: count }, () => dial(context, url, text)));

describe('the bounds of the admin endpoint', () => {
  it('answers probes beside 2,000 idle connections', async (context) => {
    const { url } = await open(context);
    await dialAll(context, url, 1_000);
    await dialAll(context, url, 1_000, 'GET /livez HTTP/1.1\r\n');
    assert.equal((await send(url, '/livez')).status, 200);
  });

  it('closes the connection that has waited longest without a request', async (context) => {
    const { url, node } = await open(context, { maxConnections: 3 });
    const gate = Promise.withResolvers<void>();
    cleanUp(context, () => gate.resolve());
    node.gate = gate.promise;
    const put = send(url, '/v1/items?hint=1', { method: 'POST', body: 'x' });
    const first = await dial(context, url);
    const second = await dial(context, url);
    const gone = closed(first);
    assert.equal((await send(url, '/livez')).status, 200, 'at the limit, and one past it');
    await gone;
    assert.equal(second.destroyed, false);
    gate.resolve();
    assert.equal((await put).status, 201, 'a connection with a request stays');
  });

  it('counts a connection as idle again when its answer is out', async (context) => {
    const { url } = await open(context, { maxConnections: 1 });
    const kept = await dial(context, url, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await within(once(kept, 'data'), 'an answer');
    const gone = closed(kept);
    assert.equal((await send(url, '/livez')).status, 200);
    await gone;
  });

  it('closes connections without a whole request after a while', async (context) => {
    const { url } = await open(context, { headersMs: 40 });
    const silent = await dial(context, url);
    const slow = await dial(context, url, 'GET /livez HTTP/1.1\r\n');
    await Promise.all([closed(silent), closed(slow)]);
  });

  it('answers 503 past its requests under way, and probes all the same', async (context) => {
    const { url, node } = await open(context, { maxRequests: 2 });
    const gate = Promise.withResolvers<void>();
    cleanUp(context, () => gate.resolve());
    node.gate = gate.promise;
    let reached = 0;
    const both = Promise.withResolvers<void>();
    const original = node.put.bind(node);
    node.put = (payload, hint) => {
      if (++reached === 2) both.resolve();
      return original(payload, hint);
    };
    const puts = ['1', '2'].map((hint) =>
      send(url, `/v1/items?hint=${hint}`, { method: 'POST', body: 'x' }),
    );
    await within(both.promise, 'two puts under way');
    const third = await send(url, '/v1/status');
    assert.deepEqual([third.status, third.json.code], [503, 'BUSY']);
    const probes = ['/livez', '/readyz', `/v1/identity/${'ab'.repeat(32)}`];
    for (const path of probes) assert.equal((await send(url, path)).status, 200);
    gate.resolve();
    for (const { status } of await Promise.all(puts)) assert.equal(status, 201);
    assert.equal((await send(url, '/v1/status')).status, 200);
  });

  it('closes a connection whose answer is not read, and its request ends', async (context) => {
    const { url, node } = await open(context, { maxRequests: 1, unreadMs: 60 });
    const path = await putLong(url);
    const reads = countReads(node);
    await ask(context, url, path);
    await reads.reach(1);
    await until(
      async () => (await send(url, '/v1/status')).status,
      (status) => status === 200,
    );
  });

  it('reads no long payload while unread answers hold all the memory for payloads', async (context) => {
    const { url, node } = await open(context, { answerBytes: 2 * LONG, memoryWaitMs: 60 });
    const path = await putLong(url);
    const short = (await send(url, '/v1/items?hint=2', { method: 'POST', body: 'x' })).json.id;
    const reads = countReads(node);
    const unread = await Promise.all([1, 2].map(() => ask(context, url, path)));
    await reads.reach(2);
    const third = await send(url, path);
    assert.deepEqual([third.status, third.json.code], [503, 'BUSY']);
    assert.equal(reads.count, 2, 'all that fit, and no byte more');
    assert.equal((await send(url, `/v1/items/${short}`)).status, 200, 'short ones do not wait');
    unread[0]!.destroy();
    const { status } = await until(
      () => send(url, path),
      (answer) => answer.status !== 503,
    );
    assert.equal(status, 200);
    assert.equal((await send(url, path)).status, 200, 'an answer that was read holds none');
  });

  it('lets a long answer wait for memory, and forgets clients that left meanwhile', async (context) => {
    const { url, node } = await open(context, { answerBytes: 2 * LONG - 1 });
    const path = await putLong(url);
    const reads = countReads(node);
    const unread = await ask(context, url, path);
    await reads.reach(1);
    const heads = Promise.withResolvers<void>();
    const original = node.head.bind(node);
    let asked = 0;
    node.head = (id) => {
      if (++asked === 2) heads.resolve();
      return original(id);
    };
    const impatient = await ask(context, url, path);
    const patient = send(url, path);
    await within(heads.promise, 'two requests that wait');
    impatient.destroy();
    await closed(impatient);
    assert.equal((await send(url, '/livez')).status, 200);
    assert.equal(reads.count, 1);
    unread.destroy();
    assert.equal((await patient).status, 200);
    assert.equal(reads.count, 2);
  });

  /** A client that begins to send a payload; `sent` bytes of it come. */
  async function sends(
    context: TestContext,
    url: string,
    length: string,
    sent = '',
  ): Promise<Socket> {
    const head = `POST /v1/items?hint=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}`;
    return dial(context, url, `${head}\r\n${length}\r\n\r\n${sent}`);
  }

  it('reads no payload of a client while unfinished ones hold all the memory for payloads', async (context) => {
    const { url } = await open(context, { bodyBytes: 2 * LONG, memoryWaitMs: 60 });
    const counted = await sends(context, url, `Content-Length: ${LONG}`);
    const chunked = await sends(context, url, 'Transfer-Encoding: chunked');
    const put = (body: Uint8Array) => send(url, '/v1/items?hint=2', { method: 'POST', body });
    const { status, json } = await until(
      () => put(new Uint8Array(LONG / 2)),
      (answer) => answer.status !== 201,
    );
    assert.deepEqual([status, json.code], [503, 'BUSY']);
    assert.match(json.message, /payloads that other clients send/);
    assert.equal((await put(new Uint8Array(64 * 1024))).status, 201, 'short ones do not wait');
    assert.equal((await send(url, '/v1/status')).status, 200);
    counted.destroy();
    await until(
      () => put(new Uint8Array(LONG / 2)),
      (answer) => answer.status === 201,
    );
    chunked.destroy();
    for (const status of [201, 200]) {
      const { status: answered } = await until(
        () => put(new Uint8Array(LONG)),
        (answer) => answer.status !== 503,
      );
      assert.equal(answered, status, 'a payload that is stored holds no memory');
    }
  });

  it('reads no batch while others hold the memory for bodies, and no long item beyond it', async (context) => {
    const { url } = await open(context, { bodyBytes: 40 * 1024 * 1024, memoryWaitMs: 60 });
    const headers = { 'content-type': 'application/vnd.rangemesh.items' };
    const begin = `POST /v1/items/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    const type =
      'Content-Type: application/vnd.rangemesh.items\r\nTransfer-Encoding: chunked\r\n\r\n';
    const batch = (body: Uint8Array) =>
      send(url, '/v1/items/batch', { method: 'POST', body, headers });
    const long = new Uint8Array(12 + 2 * 1024 * 1024);
    new DataView(long.buffer).setUint32(8, long.length - 12, true);
    const all = await dialAll(context, url, 10, `${begin}${type}`);
    const { json } = await until(
      () => batch(new Uint8Array()),
      ({ status }) => status === 503,
    );
    assert.equal(json.code, 'BUSY');
    all[0]!.destroy();
    const short = await until(
      () => batch(new Uint8Array(12)),
      ({ status }) => status === 200,
    );
    assert.match(new TextDecoder().decode(short.body), /"created":1.*"error":null/);
    const refused = new TextDecoder().decode((await batch(long)).body);
    assert.match(refused, /"created":0.*"code":"BUSY"/);
    for (const socket of all) socket.destroy();
    const taken = await until(
      async () => new TextDecoder().decode((await batch(long)).body),
      (lines) => !lines.includes('BUSY'),
    );
    assert.match(taken, /"created":1/);
  });

  it('closes a slow sender or reader once another waits for its memory, and not before', async (context) => {
    const clock = new VirtualClock();
    const bounds = {
      bodyBytes: LONG,
      answerBytes: LONG,
      memoryWaitMs: 600_000,
      bytesPerSecond: LONG,
    };
    const { url, node } = await open(context, bounds, clock);
    const path = await putLong(url);
    const reads = countReads(node);
    const reader = await ask(context, url, path);
    await reads.reach(1);
    const sender = await sends(context, url, `Content-Length: ${LONG}`, 'x'.repeat(1_000));
    const gone = closed(sender);
    await clock.advance(30_000);
    assert.equal(sender.destroyed, false, 'no other waits');
    let served = 0;
    const waiting = [send(url, path), send(url, '/v1/items?hint=1', PUT_LONG)].map((answer) =>
      answer.finally(() => served++),
    );
    await until(
      () => clock.advance(1_000),
      () => served === 2,
    );
    for (const answer of waiting) assert.equal((await answer).status, 200);
    await Promise.all([gone, closed(reader)]);
  });

  const binary = { 'content-type': 'application/vnd.rangemesh.items' };
  /** Records of so many zero bytes. */
  const record = (length: number) => {
    const bytes = new Uint8Array(12 + length);
    new DataView(bytes.buffer).setUint32(8, length, true);
    return bytes;
  };

  /** Writes of every kind are answered. */
  async function takesWrites(url: string): Promise<void> {
    const post = (path: string, body: Uint8Array) =>
      send(url, path, { method: 'POST', body, headers: binary });
    assert.ok((await post('/v1/items?hint=9', new Uint8Array(LONG))).status <= 201);
    for (const length of [20, 2 * 1024 * 1024]) {
      const { body } = await post('/v1/items/batch', record(length));
      assert.match(new TextDecoder().decode(body), /"failed":0,"error":null/);
    }
  }

  it('stores and exports beside exports that are not read', async (context) => {
    const { url, node } = await open(context, { memoryWaitMs: 60 });
    await putLong(url);
    const { stream } = node.bulk;
    let begun = 0;
    Object.assign(node.bulk, {
      stream: (range: Parameters<typeof stream>[0]) => {
        begun++;
        return stream(range);
      },
    });
    for (let at = 0; at < 5; at++) await ask(context, url, '/v1/export');
    await until(
      async () => begun,
      (now) => now === 5,
    );
    await takesWrites(url);
    assert.equal((await send(url, '/v1/export?from=5')).status, 200);
  });

  it('stores beside lists of ids that never end, and takes six times a list from the memory for reads', async (context) => {
    const { url } = await open(context, {
      memoryWaitMs: 60,
      readBytes: 2 * 6_000_000 + 3 * 2 ** 20,
    });
    const list = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n` +
      'Content-Length: 1000000\r\n\r\n';
    const lists = ['/v1/items/have', '/v1/items/get'];
    for (const path of lists) await dial(context, url, list(path));
    const have = (bytes: number) =>
      send(url, '/v1/items/have', {
        method: 'POST',
        body: new Uint8Array(bytes),
        headers: { 'content-type': 'application/octet-stream' },
      });
    const long = 32 * 6_000;
    const { json } = await until(
      () => have(long),
      ({ status }) => status === 503,
    );
    assert.equal(json.code, 'BUSY');
    assert.match(json.message, /lists of ids/);
    assert.equal((await have(32 * 5_000)).status, 200, 'as many as there is room for');
    await takesWrites(url);
  });

  it('does not take a batch for slow that itself waits for memory', async (context) => {
    const clock = new VirtualClock();
    const bounds = { bodyBytes: LONG + 2 ** 23, memoryWaitMs: 600_000, bytesPerSecond: LONG };
    const { url, node } = await open(context, bounds, clock);
    const gate = Promise.withResolvers<void>();
    cleanUp(context, () => gate.resolve());
    node.gate = gate.promise;
    const reached = Promise.withResolvers<void>();
    const original = node.put.bind(node);
    node.put = (payload, hint) => {
      reached.resolve();
      return original(payload, hint);
    };
    const put = send(url, '/v1/items?hint=1', PUT_LONG);
    await within(reached.promise, 'a put under way');
    const batch = send(url, '/v1/items/batch', {
      method: 'POST',
      body: record(2 ** 21),
      headers: binary,
    });
    let ended = false;
    const end = batch
      .catch(() => undefined)
      .then(() => {
        ended = true;
      });
    for (let second = 0; second < 30 && !ended; second++) await clock.advance(1_000);
    assert.equal(ended, false);
    gate.resolve();
    assert.equal((await put).status, 201);
    assert.match(new TextDecoder().decode((await batch).body), /"created":1/);
    await end;
  });
});
