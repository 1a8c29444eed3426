import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { DaemonError, type DaemonErrorCode } from '../../../src/daemon/index.ts';
import { ProtocolError } from '../../../src/protocol/index.ts';
import { StoreError, type StoreErrorCode } from '../../../src/store/index.ts';
import { type SendInit, SharedAdmin, send, startAdmin, startAdminFor } from './running-admin.ts';

describe('admin endpoint', () => {
  const running = new SharedAdmin();
  const { call, post, put } = running;

  describe('health', () => {
    it('separates liveness from readiness', async () => {
      const probe = async (path: string) => (await call(path, { token: false })).json;
      assert.deepEqual(await probe('/livez'), { status: 'live', state: 'alone' });
      assert.deepEqual(await probe('/readyz'), { status: 'ready', state: 'alone' });
      running.node.isReady = false;
      running.node.breakage = { code: 'STORE_WRITE_FAILED', message: 'the disk is gone' };
      const [live, ready] = [await call('/livez'), await call('/readyz')];
      running.node.isReady = true;
      running.node.breakage = null;
      const refusal = { code: 'NOT_ALIVE', message: 'the disk is gone' };
      assert.deepEqual([live.status, live.json], [503, refusal]);
      assert.deepEqual([ready.status, ready.json.code], [503, 'NOT_READY']);
      assert.match(ready.json.message, /first round of sessions/);
    });

    it('gives the reason why a node is not ready', async () => {
      running.node.isReady = false;
      const { judgement } = running.node;
      const messages = [];
      for (const state of ['rebuilding', 'unreadable', 'stopping'] as const) {
        running.node.judgement = { ...judgement, state };
        messages.push((await call('/readyz')).json.message);
      }
      Object.assign(running.node, { isReady: true, judgement });
      assert.match(
        messages.join('\n'),
        /^the index is.*\nthe database cannot.*\nthe daemon is shut/,
      );
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

    it('forgets an address, and answers 404 for an unknown one', async () => {
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

    it('forgets a peer by its id', async () => {
      const body = { peerId: 'gone' };
      const { status, json } = await post('/v1/peers', body, { method: 'DELETE' });
      assert.deepEqual([status, json], [200, { forgotten: 'gone', removed: [] }]);
      assert.deepEqual(running.node.forgotten, ['gone']);
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
      const { sessions, ...verdict } = answer.json;
      assert.deepEqual(verdict, { equal: true, ...running.node.judgement });
    });

    it('calls sets equal only if each session and at least one session says so', async () => {
      const { sync } = running.node;
      const result = (await sync.call(running.node))[0]!;
      const error = { code: 'TIMEOUT', message: 'too slow' };
      const results = [[], [result], [result, { ...result, equal: false }], [{ ...result, error }]];
      const equal = [];
      for (const some of results) {
        running.node.sync = async () => some;
        equal.push((await call('/v1/sync', { method: 'POST' })).json.equal);
      }
      running.node.sync = sync;
      assert.deepEqual(equal, [false, true, false, false]);
    });

    it('names the mistake in a body', async () => {
      const wrong = await post('/v1/peers', { adress: '/ip4/192.0.2.1/tcp/1' });
      assert.deepEqual([wrong.status, wrong.json.code], [400, 'INVALID_BODY']);
      assert.match(
        wrong.json.message,
        /needs the field "address".*no field "adress"; those it takes: address/,
      );
      const broken = await call('/v1/peers', {
        method: 'POST',
        body: '{"address":',
        headers: { 'content-type': 'application/json' },
      });
      assert.deepEqual([broken.status, broken.json.code], [400, 'INVALID_BODY']);
      assert.match(broken.json.message, /it ends too early; send an object/);
      const odd = await call('/v1/items/have', {
        method: 'POST',
        body: '{"ids":[},',
        headers: { 'content-type': 'application/json' },
      });
      assert.match(odd.json.message, /^the body is not JSON.*; send an object/);
      const none = await call('/v1/peers', { method: 'POST' });
      assert.deepEqual([none.status, none.json.code], [400, 'INVALID_BODY']);
    });

    it('accepts JSON alone, up to a limit', async () => {
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

  describe('refusals', () => {
    it('answers 404 for unknown paths and 405 for wrong methods', async () => {
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
        ['TOO_MANY_ITEMS', 507],
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
        ['OWN_SECRET', 422],
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

    it('reports unexpected errors to the log, not to the client', async () => {
      running.node.fault = new Error('secret detail');
      const { status, json } = await call('/v1/status');
      assert.deepEqual([status, json.code], [500, 'INTERNAL']);
      assert.doesNotMatch(json.message, /secret/);
      assert.match(JSON.stringify(running.errors), /secret detail/);
    });

    it('answers invalid HTTP and bad paths in JSON too', async () => {
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
      assert.match(path.json.message, /write %25/);
      const id = await call(`/v1/items/${'a'.repeat(8_000)}`);
      assert.deepEqual([id.status, id.json.code], [400, 'INVALID_ID']);
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

    it('does not wait forever for a call that does not end', async (context) => {
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
      // Those that are set meanwhile wait for a time that does not come.
      for (const callback of ended.splice(0)) callback();
      await Promise.all([broken, closed]);
    });
  });
});
