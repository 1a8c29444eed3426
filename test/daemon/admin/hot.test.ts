import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { plainGet, plainPut } from '../../../src/daemon/admin/hot/testing.ts';
import type { AdminInit } from '../../../src/daemon/admin/index.ts';
import { systemClock } from '../../../src/daemon/system/index.ts';
import { bytesToHex, hexToBytes, itemId, StoreError } from '../../../src/store/index.ts';
import { until } from '../../e2e/support/mesh.ts';
import { within } from '../../support/within.ts';
import { type SendInit, send, startAdminFor, TOKEN } from './running-admin.ts';
import { dial } from './sockets.ts';

const PLAIN = { 'content-type': 'application/octet-stream' };
/** Types that the framework alone reads, though it treats them alike. */
const ODD = { 'content-type': 'application/octet-stream; a=b' };
const ID = bytesToHex(itemId(7n, new TextEncoder().encode('hello')));
/** As long as an item may be that is served so. */
const LONG_BYTES = 65_536;
const BODY = { method: 'POST', body: 'hello' };

/** An endpoint, and all that its observer heard. */
async function observed(context: TestContext, init: Partial<AdminInit> = {}) {
  const heard: unknown[] = [];
  const observer: AdminInit['observer'] = {
    answered: ({ method, route, status }) => heard.push([method, route, status]),
    refused: (code) => heard.push(code),
  };
  return { heard, ...(await startAdminFor(context, { observer, ...init })) };
}

/** Statuses, headers and bodies of the calls, as a client sees them, and what the observer heard. */
async function outcomes(
  context: TestContext,
  calls: readonly (readonly [string, SendInit])[],
  odd: boolean,
) {
  const { heard, url, node } = await observed(context);
  const answers: unknown[] = [];
  for (const [path, init] of calls) {
    const extra =
      init.method === 'POST' ? (odd ? ODD : PLAIN) : odd ? { 'if-none-match': '"x"' } : {};
    node.fault = path.includes('hint=9') ? new StoreError('DISK_FULL', 'full') : null;
    if (path.includes('hint=8')) node.fault = new Error('broken');
    const { status, headers, body } = await send(url, path, {
      ...init,
      headers: { ...extra, ...init.headers },
    });
    delete headers.date;
    answers.push({ status, headers, body: new TextDecoder().decode(body) });
  }
  return { answers, heard };
}

describe('hot calls', () => {
  it('are answered as the framework answers them', async (context) => {
    const calls: [string, SendInit][] = [
      ['/v1/items?hint=7', BODY],
      ['/v1/items?hint=7', BODY],
      ['/v1/items', BODY],
      ['/v1/items?hint=8', BODY],
      ['/v1/items?hint=9', BODY],
      ['/v1/items?hint=7', { ...BODY, token: false }],
      ['/v1/items?hint=7', { ...BODY, headers: { host: 'elsewhere.example' } }],
      ['/v1/items?hint=7', { method: 'POST', body: 'x'.repeat(1_025) }],
      [`/v1/items/${ID}`, {}],
      [`/v1/items/${'00'.repeat(32)}`, {}],
    ];
    const hot = await outcomes(context, calls, false);
    const framework = await outcomes(context, calls, true);
    assert.equal(hot.answers.length, calls.length);
    for (const [i, answer] of hot.answers.entries()) {
      assert.deepEqual(answer, framework.answers[i], `answer ${i}`);
    }
    assert.deepEqual(hot.heard, framework.heard);
  });

  it('leave all that is not plain to the framework, as it came', () => {
    const request = (url: string, headers: object) => ({ url, headers }) as never;
    const put = { ...PLAIN, 'content-length': '5' };
    assert.deepEqual(plainPut(request('/v1/items?hint=7', put), 5), { hint: 7n, bytes: 5 });
    assert.deepEqual(plainPut(request('/v1/items', put), 5), { hint: undefined, bytes: 5 });
    for (const [url, headers] of [
      ['/v1/items?hint=7', { ...put, 'content-length': '6' }],
      ['/v1/items?hint=7', { ...put, 'content-length': '0' }],
      ['/v1/items?hint=7', { ...PLAIN }],
      ['/v1/items?hint=7', { ...put, ...ODD }],
      ['/v1/items?hint=7', { ...put, 'content-encoding': 'gzip' }],
      ['/v1/items?hint=7', { ...put, 'transfer-encoding': 'chunked' }],
      ['/v1/items?hint=7', { ...put, expect: '100-continue' }],
      ['/v1/items?hint=7', { ...put, upgrade: 'x' }],
      ['/v1/items?hint=', put],
      ['/v1/items?hint=-1', put],
      [`/v1/items?hint=${'1'.repeat(20)}`, put],
      ['/v1/items?hint=7&hint=7', put],
      ['/v1/items?', put],
      ['/v1/items/', put],
    ] as const) {
      assert.equal(plainPut(request(url, headers), 5), null, `${url} ${JSON.stringify(headers)}`);
    }
    assert.equal(bytesToHex(plainGet(request(`/v1/items/${ID}`, {}))!), ID);
    for (const [url, headers] of [
      [`/v1/items/${ID.toUpperCase()}`, {}],
      [`/v1/items/${ID.slice(2)}`, {}],
      [`/v1/items/${ID}?x=1`, {}],
      [`/v1/items/${ID}`, { 'if-none-match': '*' }],
      [`/v1/items/${ID}`, { 'content-length': '0' }],
    ] as const) {
      assert.equal(plainGet(request(url, headers)), null, `${url} ${JSON.stringify(headers)}`);
    }
  });

  it('take a body that comes in pieces', async (context) => {
    const { url, node } = await observed(context);
    const socket = await dial(context, url, head(5));
    for (const piece of ['h', 'el', 'lo']) {
      await new Promise((resolve) => socket.write(piece, resolve));
    }
    assert.match(String(await within(once(socket, 'data'), 'an answer')), /^HTTP\/1.1 201 /);
    assert.ok(node.items.has(ID));
  });

  it('give their places back, whatever comes of them', async (context) => {
    const { url, node } = await observed(context, { bounds: { maxRequests: 1 } });
    const statuses: number[] = [];
    for (let round = 0; round < 2; round++) {
      const put = (hint: number) =>
        send(url, `/v1/items?hint=${hint}`, { ...BODY, headers: PLAIN });
      const call = async (answer: Promise<{ status: number }>) =>
        statuses.push((await answer).status);
      await call(put(7));
      node.fault = new StoreError('DISK_FULL', 'full');
      await call(put(7));
      node.fault = null;
      await call(send(url, `/v1/items/${ID}`));
      await call(send(url, `/v1/items/${'00'.repeat(32)}`));
      const cut = await dial(context, url, `${head(5)}h`);
      await until(
        async () => (await send(url, `/v1/items/${ID}`)).status,
        (status) => status === 503,
      );
      cut.destroy();
      await until(
        async () => (await send(url, `/v1/items/${ID}`)).status,
        (status) => status === 200,
      );
    }
    assert.deepEqual(statuses, [201, 507, 200, 404, 200, 507, 200, 404]);
  });

  it('are called off with their connection while the node works', async (context) => {
    const { url, node, heard } = await observed(context, { bounds: { maxRequests: 1 } });
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const get = node.get.bind(node);
    node.get = async (id, options) => {
      reached.resolve();
      await gate.promise;
      return get(id, options);
    };
    const gone = await dial(
      context,
      url,
      `GET /v1/items/${ID} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    await within(reached.promise, 'a get');
    gone.destroy();
    await until(
      async () => (await send(url, '/v1/items?hint=7', { ...BODY, headers: PLAIN })).status,
      (status) => status < 300,
    );
    gate.resolve();
    assert.equal((await send(url, `/v1/items/${ID}`)).status, 200);
    assert.ok(!heard.some((entry) => Array.isArray(entry) && entry[2] === 404));
  });

  it('keep the order of a pipeline', async (context) => {
    const { url, node } = await observed(context);
    const gate = Promise.withResolvers<void>();
    node.gate = gate.promise;
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const plain = `${head(5)}hello`;
    const odd = plain.replace('octet-stream', 'octet-stream; a=b');
    const requests = [
      plain,
      get(`/v1/items/${ID}`),
      get('/livez'),
      plain,
      odd,
      get(`/v1/items/${ID}`),
    ];
    const socket = await dial(context, url, requests.join(''));
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes;
    });
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    await until(
      async () => (await send(url, '/livez')).status,
      (status) => status === 200,
    );
    assert.deepEqual(statuses(), []);
    gate.resolve();
    await until(
      async () => statuses().length,
      (count) => count === requests.length,
    );
    // The first get found nothing and was passed on, and then had its turn behind the put.
    assert.deepEqual(statuses(), ['201', '200', '200', '200', '200', '200']);
  });

  it('are answered while the endpoint closes', async (context) => {
    const { url, node, admin } = await observed(context);
    const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const put = node.put.bind(node);
    node.put = async (payload, hint) => {
      reached.resolve();
      await gate.promise;
      return put(payload, hint);
    };
    const socket = await dial(context, url, `${head(5)}hello`);
    const answer = once(socket, 'data');
    await within(reached.promise, 'a put');
    const closed = admin.close();
    assert.equal((await send(url, `/v1/items/${ID}`)).status, 503);
    gate.resolve();
    assert.match(String(await within(answer, 'an answer')), /^HTTP\/1.1 201 /);
    await within(closed, 'the end of the endpoint');
  });

  it('keep no endpoint open, and no client that comes as they are cut', async (context) => {
    const late = Promise.withResolvers<void>();
    const clock: AdminInit['clock'] = {
      now: systemClock.now,
      monotonic: systemClock.monotonic,
      after(ms, callback) {
        if (ms !== 3_000) return systemClock.after(ms, callback);
        // By a real timer: the event loop then accepts connections before it tells of ends.
        return systemClock.after(1, () => {
          callback();
          dial(context, url).then(() => late.resolve(), late.reject);
        });
      },
    };
    const { url, admin } = await observed(context, { clock, bounds: { maxRequests: 1 } });
    await dial(context, url, `${head(5)}h`);
    await until(
      async () => (await send(url, `/v1/items/${ID}`)).status,
      (status) => status === 503,
    );
    const closed = admin.close();
    await within(late.promise, 'a late connection');
    await within(closed, 'the end of the endpoint');
  });

  it('hold their places while their answers are not read, for so long alone', async (context) => {
    const count = 256;
    const bounds = { maxRequests: count, maxPipelined: count, unreadMs: 60 };
    const { url, node, heard } = await observed(context, {
      bounds,
      limits: { maxItemBytes: LONG_BYTES },
    });
    const payload = new Uint8Array(LONG_BYTES);
    node.items.set(ID, { hint: 7n, id: hexToBytes(ID), payload });
    const socket = await dial(context, url);
    socket.pause();
    socket.write(`GET /v1/items/${ID} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(count));
    await until(
      async () => heard.length,
      (answers) => answers > 0,
    );
    await until(
      async () => (await send(url, `/v1/items/${'00'.repeat(32)}`)).status,
      (status) => status === 404,
    );
    const answers = heard.filter((entry) => Array.isArray(entry) && entry[2] === 200);
    assert.ok(answers.length < count, 'the connection takes all answers');
  });

  it('are served without the framework', async (context) => {
    const served: string[] = [];
    const { url, node } = await observed(context);
    const put = node.put.bind(node);
    node.put = (payload, hint) => {
      served.push(new Error().stack!.includes('fastify') ? 'framework' : 'hot');
      return put(payload, hint);
    };
    await send(url, '/v1/items?hint=7', { ...BODY, headers: PLAIN });
    await send(url, '/v1/items?hint=7', { ...BODY, headers: ODD });
    assert.deepEqual(served, ['hot', 'framework']);
  });
});

function head(bytes: number): string {
  const headers = ['Host: localhost', `Authorization: Bearer ${TOKEN}`];
  headers.push('Content-Type: application/octet-stream', `Content-Length: ${bytes}`);
  return ['POST /v1/items?hint=7 HTTP/1.1', ...headers, '', ''].join('\r\n');
}
