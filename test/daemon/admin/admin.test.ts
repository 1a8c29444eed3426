import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { DaemonError, type DaemonErrorCode } from '../../../src/daemon/index.ts';
import { ProtocolError } from '../../../src/protocol/index.ts';
import { bytesToHex, itemId, StoreError, type StoreErrorCode } from '../../../src/store/index.ts';
import {
  type RunningAdmin,
  type SendInit,
  send,
  startAdmin,
  startAdminFor,
  TOKEN,
} from './running-admin.ts';

const text = (content: string) => new TextEncoder().encode(content);

describe('admin endpoint', () => {
  let running: RunningAdmin;
  const call = (path: string, init?: SendInit) => send(running.url, path, init);
  const post = (path: string, body: unknown, init: SendInit = {}) =>
    call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    });
  const put = (body: string | Uint8Array, query = '', init: SendInit = {}) =>
    call(`/v1/items${query}`, { method: 'POST', body, ...init });

  before(async () => {
    running = await startAdmin();
  });
  after(() => running.admin.close());
  beforeEach(() => {
    running.node.items.clear();
    running.node.dialled.length = 0;
    running.node.fault = null;
    running.errors.length = 0;
  });

  describe('health', () => {
    it('tells up from down and ready from not ready', async () => {
      assert.equal((await call('/livez', { token: false })).status, 200);
      assert.equal((await call('/readyz', { token: false })).status, 200);
      running.node.isReady = false;
      running.node.breakage = { code: 'STORE_WRITE_FAILED', message: 'the disk is gone' };
      const [live, ready] = [await call('/livez'), await call('/readyz')];
      running.node.isReady = true;
      running.node.breakage = null;
      const refusal = { code: 'NOT_ALIVE', message: 'the disk is gone' };
      assert.deepEqual([live.status, live.json], [503, refusal]);
      assert.deepEqual([ready.status, ready.json.code], [503, 'NOT_READY']);
    });
  });

  describe('status, peers and sync', () => {
    it('shows the status without a token on loopback', async () => {
      const { status, json, headers } = await call('/v1/status', { token: false });
      assert.equal(status, 200);
      assert.deepEqual(json, JSON.parse(JSON.stringify(running.node.status())));
      assert.equal(headers['x-content-type-options'], 'nosniff');
    });

    it('dials an address and lists it', async () => {
      const address = '/ip4/192.0.2.1/tcp/1';
      assert.equal((await post('/v1/peers', { address })).json.address, address);
      assert.equal((await call('/v1/peers')).json.peers[0].address, address);
    });

    it('forgets an address, and says when it was none', async () => {
      const address = '/ip4/192.0.2.1/tcp/1';
      await post('/v1/peers', { address });
      const remove = (init: SendInit = {}) =>
        post('/v1/peers', { address }, { method: 'DELETE', ...init });
      const stranger = await remove({ headers: { authorization: '' } });
      assert.deepEqual([stranger.status, stranger.json.code], [401, 'UNAUTHORIZED']);
      const removed = await remove();
      assert.deepEqual([removed.status, removed.json], [200, { removed: [address] }]);
      assert.deepEqual((await call('/v1/peers')).json.peers, []);
      const again = await remove();
      assert.deepEqual([again.status, again.json.code], [404, 'UNKNOWN_ADDRESS']);
      const empty = await call('/v1/peers', { method: 'DELETE' });
      assert.deepEqual([empty.status, empty.json.code], [400, 'INVALID_BODY']);
    });

    it('runs sessions with all or one, with or without a body', async () => {
      running.node.synced.length = 0;
      const answer = await call('/v1/sync', { method: 'POST' });
      assert.deepEqual(answer.json.sessions[0].peerId, 'other');
      await post('/v1/sync', {});
      await post('/v1/sync', { peerId: 'p' });
      const empty = { 'content-type': 'application/json' };
      assert.equal((await call('/v1/sync', { method: 'POST', headers: empty })).status, 200);
      assert.deepEqual(running.node.synced, [undefined, undefined, 'p', undefined]);
    });

    it('names what is wrong with a body', async () => {
      const wrong = await post('/v1/peers', { adress: '/ip4/192.0.2.1/tcp/1' });
      assert.deepEqual([wrong.status, wrong.json.code], [400, 'INVALID_BODY']);
      assert.match(wrong.json.message, /address.*adress.*known: address/s);
      const broken = await call('/v1/peers', {
        method: 'POST',
        body: '{"address":',
        headers: { 'content-type': 'application/json' },
      });
      assert.deepEqual([broken.status, broken.json.code], [400, 'INVALID_BODY']);
      const none = await call('/v1/peers', { method: 'POST' });
      assert.deepEqual([none.status, none.json.code], [400, 'INVALID_BODY']);
    });

    it('takes JSON only, and not much of it', async () => {
      const form = await call('/v1/peers', {
        method: 'POST',
        body: 'address=x',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      assert.deepEqual([form.status, form.json.code], [415, 'UNSUPPORTED_MEDIA_TYPE']);
      const large = await post('/v1/peers', { address: 'x'.repeat(100_000) });
      assert.deepEqual([large.status, large.json.code], [413, 'BODY_TOO_LARGE']);
    });
  });

  describe('items', () => {
    it('stores once under a given hint: 201, then 200', async () => {
      const id = bytesToHex(itemId(7n, text('hello')));
      const first = await put('hello', '?hint=7');
      assert.deepEqual([first.status, first.json], [201, { id, hint: '7', created: true }]);
      assert.equal(first.headers.location, `/v1/items/${id}`);
      const second = await put('hello', '?hint=7');
      assert.deepEqual([second.status, second.json], [200, { id, hint: '7', created: false }]);
    });

    it('leaves the hint to the node when none is given', async () => {
      assert.equal((await put('hello')).json.hint, '1000');
    });

    it('keeps hints exact beyond 2^53', async () => {
      const hint = '18446744073709551614';
      const { json } = await put('x', `?hint=${hint}`);
      assert.equal(json.hint, hint);
      assert.equal((await call(`/v1/items/${json.id}`)).headers['rangemesh-hint'], hint);
    });

    it('takes bytes of any type as they are, none included', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      for (const type of [
        undefined,
        'application/octet-stream',
        'application/json',
        'text/x-odd',
      ]) {
        const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
        const { json } = await put(bytes, '', { headers });
        assert.deepEqual((await call(`/v1/items/${json.id}`)).body, bytes);
      }
      const empty = await call('/v1/items?hint=1', { method: 'POST' });
      assert.equal(empty.status, 201);
      assert.equal((await call(`/v1/items/${empty.json.id}`)).body.length, 0);
    });

    it('answers GET and HEAD with hint, length, tag and caching for ever', async () => {
      const { id } = (await put('hello', '?hint=7')).json;
      const get = await call(`/v1/items/${id.toUpperCase()}`, { token: false });
      const head = await call(`/v1/items/${id}`, { method: 'HEAD', token: false });
      for (const answer of [get, head]) {
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['rangemesh-hint'], '7');
        assert.equal(answer.headers['content-length'], '5');
        assert.equal(answer.headers['content-type'], 'application/octet-stream');
        assert.equal(answer.headers.etag, `"${id}"`);
        assert.match(String(answer.headers['cache-control']), /immutable/);
      }
      assert.deepEqual(get.body, text('hello'));
      assert.equal(head.body.length, 0);
      const again = await call(`/v1/items/${id}`, { headers: { 'if-none-match': `"${id}"` } });
      assert.deepEqual([again.status, again.body.length], [304, 0]);
    });

    it('says which id is no id and which is not held', async () => {
      const bad = await call('/v1/items/xyz');
      assert.deepEqual([bad.status, bad.json.code], [400, 'INVALID_ID']);
      const absent = '00'.repeat(32);
      const missing = await call(`/v1/items/${absent}`);
      assert.deepEqual([missing.status, missing.json.code], [404, 'NOT_FOUND']);
      assert.equal((await call(`/v1/items/${absent}`, { method: 'HEAD' })).status, 404);
    });

    it('refuses a hint that is none', async () => {
      for (const hint of ['-1', '1.5', '', 'abc', '18446744073709551615', '9'.repeat(40)]) {
        const { status, json } = await put('x', `?hint=${hint}`);
        assert.deepEqual([status, json.code], [400, 'INVALID_HINT'], hint);
      }
      const twice = await put('x', '?hint=1&hint=2');
      assert.deepEqual([twice.status, twice.json.code], [400, 'INVALID_QUERY']);
      const unknown = await put('x', '?hnt=1');
      assert.deepEqual([unknown.status, unknown.json.code], [400, 'INVALID_QUERY']);
    });

    it('refuses a body above the limit, whatever its size and framing', async () => {
      assert.equal((await put(new Uint8Array(1_024))).status, 201);
      const answers = [
        await put(new Uint8Array(1_025)),
        await put(new Uint8Array(8 * 1024 * 1024)),
        await put(new Uint8Array(1_025), '', { headers: { 'transfer-encoding': 'chunked' } }),
        await put(new Uint8Array(8 * 1024 * 1024), '', {
          headers: { 'transfer-encoding': 'chunked' },
        }),
      ];
      for (const { status, json } of answers) {
        assert.deepEqual([status, json.code], [413, 'ITEM_TOO_LARGE']);
        assert.match(json.message, /1024 bytes/);
      }
      assert.equal(running.node.items.size, 1);
    });

    it('lists keys in order, page by page', async () => {
      for (let hint = 0; hint < 10; hint++) await put('same', `?hint=${10 - hint}`);
      await put('other', '?hint=5');
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const { json } = await call(`/v1/items?from=2&to=10&limit=3${query}`, { token: false });
        assert.ok(json.items.length <= 3);
        for (const { hint, id } of json.items) seen.push(`${hint} ${id}`);
        cursor = json.cursor;
      }
      assert.deepEqual(
        seen.map((key) => Number(key.split(' ')[0])),
        [2, 3, 4, 5, 5, 6, 7, 8, 9],
      );
      assert.deepEqual(seen, [...new Set(seen)]);
      assert.deepEqual((await call('/v1/items?from=100')).json, { items: [], cursor: null });
    });

    it('names what is wrong with a listing', async () => {
      const code = async (query: string) => {
        const { status, json } = await call(`/v1/items?${query}`);
        return `${status} ${json.code}`;
      };
      assert.equal(await code('limit=0'), '400 INVALID_QUERY');
      assert.equal(await code('limit=1001'), '400 INVALID_QUERY');
      assert.equal(await code('limmit=1'), '400 INVALID_QUERY');
      assert.equal(await code('from=5&to=4'), '400 INVALID_QUERY');
      assert.equal(await code('from=x'), '400 INVALID_HINT');
      assert.equal(await code('cursor=x'), '400 INVALID_CURSOR');
      assert.equal(
        await code(`cursor=18446744073709551615.${'0'.repeat(64)}`),
        '400 INVALID_CURSOR',
      );
    });
  });

  describe('who may call', () => {
    it('wants the token for whatever changes state, before it reads a body', async () => {
      const writes = ['/v1/items', '/v1/peers', '/v1/sync'];
      for (const path of writes) {
        for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, TOKEN]) {
          const headers = { authorization };
          const {
            status,
            json,
            headers: answered,
          } = await call(path, {
            method: 'POST',
            body: '{}',
            headers,
          });
          assert.deepEqual([status, json.code], [401, 'UNAUTHORIZED'], `${path} ${authorization}`);
          assert.match(String(answered['www-authenticate']), /^Bearer/);
        }
      }
      assert.equal(running.node.items.size, 0);
    });

    it('refuses names a page could have rebound to this address', async () => {
      const status = async (host: string) =>
        (await call('/v1/status', { headers: { host } })).status;
      for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9', '127.8.8.8', '[::1]:80']) {
        assert.equal(await status(host), 200, host);
      }
      for (const host of [
        'evil.example',
        'localhost.evil.example',
        '192.0.2.1',
        'a@localhost',
        '[',
      ]) {
        assert.equal(await status(host), 403, host);
      }
      const refused = await call('/livez', { headers: { host: 'evil.example:80' } });
      assert.equal(refused.json.code, 'HOST_REFUSED');
    });

    it('accepts the host names it is told', async (context) => {
      const other = await startAdminFor(context, { allowedHosts: ['Mesh.Example.org'] });
      const headers = { host: 'mesh.example.org:443' };
      assert.equal((await send(other.url, '/v1/status', { headers })).status, 200);
    });

    it('wants the token for reading too when bound beyond loopback, except by probes', async (context) => {
      const other = await startAdminFor(context, { host: '0.0.0.0' });
      const paths = ['/v1/status', '/v1/peers', '/v1/items', '/nothing'];
      for (const path of paths) {
        assert.equal((await send(other.url, path, { token: false })).status, 401, path);
      }
      assert.equal((await send(other.url, '/v1/status')).status, 200);
      assert.equal((await send(other.url, '/livez', { token: false })).status, 200);
      assert.equal((await send(other.url, '/readyz', { token: false })).status, 200);
      const byAddress = { host: '192.0.2.7:9464' };
      assert.equal((await send(other.url, '/v1/status', { headers: byAddress })).status, 200);
      const byName = { host: 'evil.example' };
      assert.equal((await send(other.url, '/v1/status', { headers: byName })).status, 403);
    });

    it('is not opened beyond loopback without a token', async () => {
      await assert.rejects(startAdmin({ host: '0.0.0.0', token: null }), {
        name: 'DaemonError',
        code: 'ADMIN_EXPOSED',
        exitCode: 78,
      });
    });

    it('changes nothing at all without a token of its own', async (context) => {
      const other = await startAdminFor(context, { token: null });
      assert.equal((await send(other.url, '/v1/items', { method: 'POST' })).status, 401);
      assert.equal((await send(other.url, '/v1/status')).status, 200);
    });
  });

  describe('refusals', () => {
    it('knows paths from methods', async () => {
      const nothing = await call('/v1/nothing?x=1');
      assert.deepEqual([nothing.status, nothing.json.code], [404, 'NOT_FOUND']);
      const allow = async (method: string, path: string) => {
        const { status, json, headers } = await call(path, {
          method,
          body: method.startsWith('P') ? 'x' : '',
          headers: { 'content-type': 'text/plain' },
        });
        assert.deepEqual([status, json.code], [405, 'METHOD_NOT_ALLOWED'], `${method} ${path}`);
        return headers.allow;
      };
      assert.equal(await allow('POST', '/v1/status'), 'GET, HEAD');
      assert.equal(await allow('DELETE', '/v1/items'), 'GET, HEAD, POST');
      assert.equal(await allow('PUT', `/v1/items/${'00'.repeat(32)}`), 'GET, HEAD');
      assert.equal(await allow('GET', '/v1/sync'), 'POST');
      assert.equal(await allow('QUERY', '/livez'), 'GET, HEAD');
      assert.equal((await call('/v1/status', { method: 'HEAD' })).status, 200);
    });

    it('gives each known error its status, and keeps its code', async () => {
      const store: [StoreErrorCode, number][] = [
        ['INVALID_HINT', 400],
        ['ITEM_TOO_LARGE', 413],
        ['SET_FULL', 507],
        ['DISK_FULL', 507],
        ['STORE_CLOSED', 503],
        ['STORE_WRITE_FAILED', 503],
        ['STORE_CORRUPT', 500],
      ];
      for (const [code, status] of store) {
        running.node.fault = new StoreError(code, `about ${code}`);
        const answer = await put('x');
        assert.deepEqual(
          [answer.status, answer.json],
          [status, { code, message: `about ${code}` }],
        );
      }
      const daemon: [DaemonErrorCode, number][] = [
        ['INVALID_ADDRESS', 400],
        ['UNKNOWN_ADDRESS', 404],
        ['TOO_MANY_ADDRESSES', 409],
        ['UNKNOWN_PEER', 404],
        ['DIAL_FAILED', 502],
        ['PEER_REFUSED', 502],
        ['SHUTTING_DOWN', 503],
      ];
      for (const [code, status] of daemon) {
        running.node.fault = new DaemonError(code, `about ${code}`);
        const answer = await post('/v1/peers', { address: 'x' });
        assert.deepEqual([answer.status, answer.json.code], [status, code]);
      }
      running.node.fault = new ProtocolError('UNKNOWN_PEER', 'who?');
      assert.equal((await post('/v1/sync', { peerId: 'x' })).status, 404);
    });

    it('tells the log, not the client, what nobody foresaw', async () => {
      running.node.fault = new Error('secret detail');
      const { status, json } = await call('/v1/status');
      assert.deepEqual([status, json.code], [500, 'INTERNAL']);
      assert.doesNotMatch(json.message, /secret/);
      assert.match(JSON.stringify(running.errors), /secret detail/);
    });

    it('answers what is no HTTP, or a bad path, in JSON as well', async () => {
      const raw = async (bytes: string) => {
        const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
        socket.write(bytes);
        let answer = '';
        socket.on('data', (part) => {
          answer += part;
        });
        await once(socket, 'close');
        return answer;
      };
      const wrong = await raw('what is this\r\n\r\n');
      assert.match(wrong, /^HTTP\/1.1 400 [\s\S]*\{"code":"BAD_REQUEST"/);
      const noHost = await raw('GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n');
      assert.match(noHost, /^HTTP\/1.1 403 [\s\S]*"HOST_REFUSED"/);
      const long = await raw(`GET /livez HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
      assert.match(long, /^HTTP\/1.1 431 [\s\S]*"HEADERS_TOO_LARGE"/);
      const path = await call('/v1/items/%zz');
      assert.deepEqual([path.status, path.json.code], [400, 'BAD_REQUEST']);
    });

    it('says that a port is taken', async () => {
      const port = Number(new URL(running.url).port);
      await assert.rejects(startAdmin({ port }), { code: 'LISTEN_FAILED', exitCode: 69 });
    });
  });

  describe('closing', () => {
    it('lets a call under way end and closes idle connections', async (context) => {
      const gate = Promise.withResolvers<void>();
      context.after(() => gate.resolve());
      const other = await startAdminFor(context);
      other.node.gate = gate.promise;
      const agent = new Agent({ keepAlive: true });
      context.after(() => agent.destroy());
      const idle = request(`${other.url}/livez`, { agent }).end();
      const [response] = await once(idle, 'response');
      response.resume();
      await once(response, 'end');
      const reached = Promise.withResolvers<void>();
      const original = other.node.put.bind(other.node);
      other.node.put = (payload, hint) => {
        reached.resolve();
        return original(payload, hint);
      };
      const under = send(other.url, '/v1/items?hint=1', { method: 'POST', body: 'x' });
      await reached.promise;
      const closed = other.admin.close();
      gate.resolve();
      assert.equal((await under).status, 201);
      await closed;
      await other.admin.close();
    });

    it('does not wait for ever for a call that does not end', async (context) => {
      const ended: (() => void)[] = [];
      const clock = {
        now: () => 0,
        monotonic: () => 0,
        after: (_delay: number, callback: () => void) => {
          ended.push(callback);
          return () => undefined;
        },
      };
      const never = Promise.withResolvers<void>();
      context.after(() => never.resolve());
      const other = await startAdminFor(context, { clock });
      other.node.gate = never.promise;
      const reached = Promise.withResolvers<void>();
      const original = other.node.put.bind(other.node);
      other.node.put = (payload, hint) => {
        reached.resolve();
        return original(payload, hint);
      };
      const under = send(other.url, '/v1/items?hint=1', { method: 'POST', body: 'x' });
      const broken = assert.rejects(under);
      await reached.promise;
      const closed = other.admin.close();
      for (const callback of ended) callback();
      await Promise.all([broken, closed]);
    });
  });
});
