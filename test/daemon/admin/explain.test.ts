import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DaemonError } from '../../../src/daemon/index.ts';
import { ProtocolError } from '../../../src/protocol/index.ts';
import { FakeExplain } from './fake-node.ts';
import { SharedAdmin, send, startAdminFor } from './running-admin.ts';

const ID = 'ab'.repeat(32);
const LAST = 2n ** 64n - 1n;

describe('the calls that explain a node', () => {
  const admin = new SharedAdmin();
  const explain = () => {
    assert.ok(admin.node.explain instanceof FakeExplain);
    admin.node.explain.calls.length = 0;
    return admin.node.explain;
  };

  it('answer whether it is in sync, for readers without a token', async () => {
    const { calls } = explain();
    admin.node.judgement = { state: 'in-sync', reason: 'r', lagSeconds: 1 };
    const yes = await admin.call('/v1/synced?maxLagSeconds=30&provedSince=now&wait=5s', {
      token: false,
    });
    assert.deepEqual([yes.status, yes.json.synced, yes.json.maxLagSeconds], [200, true, 30]);
    admin.node.judgement = { state: 'alone', reason: 'r', lagSeconds: null };
    const no = await admin.call('/v1/synced');
    assert.deepEqual([no.status, no.json.synced, no.json.state], [200, false, 'alone']);
    assert.deepEqual(calls, [
      { maxLagSeconds: 30, provedSince: 'now', waitMs: 5_000, renews: true },
      { maxLagSeconds: 10, provedSince: null, waitMs: 0, renews: true },
    ]);
  });

  it('refuse times that are none, or too long', async () => {
    const { calls } = explain();
    const times = ['wait=61s', 'wait=-1', 'wait=', 'maxLagSeconds=0', 'maxLagSeconds=x'];
    for (const query of [...times, 'provedSince=', 'provedSince=2026-01-01', 'provedSince=1s']) {
      const { status, json } = await admin.call(`/v1/synced?${query}`);
      assert.deepEqual([status, json.code], [400, 'INVALID_QUERY'], query);
    }
    assert.equal((await admin.call('/v1/synced?maxLagSeconds=86401')).status, 400);
    assert.equal((await admin.call('/v1/synced?maxLagSeconds=86400&wait=60s')).status, 200);
    assert.equal(calls.length, 1);
  });

  it('compare with a peer, and answer as JSON or line by line', async () => {
    const { calls } = explain();
    const { status, json } = await admin.post('/v1/diff', { peerId: 'p' });
    assert.deepEqual([status, json.onlyHere], [200, [{ id: ID, hint: '7' }]]);
    const body = { peerId: 'p', from: '1', to: '9', limit: 10_000 };
    const headers = { accept: 'application/x-ndjson' };
    const lines = await admin.post('/v1/diff', body, { headers });
    assert.match(String(lines.headers['content-type']), /^application\/x-ndjson/);
    const [here, there, last, ...rest] = new TextDecoder()
      .decode(lines.body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(here, { side: 'here', id: ID, hint: '7' });
    assert.deepEqual(there, { side: 'there', id: ID, hint: null });
    assert.deepEqual([last.result.counts, rest], [{ here: 1, there: 1 }, []]);
    assert.deepEqual(calls, [
      { peerId: 'p', from: 0n, to: LAST, limit: 1_000 },
      { peerId: 'p', from: 1n, to: 9n, limit: 10_000 },
    ]);
  });

  it('compare for writers alone, and within a range', async () => {
    const { calls } = explain();
    const body = JSON.stringify({ peerId: 'p' });
    const headers = { 'content-type': 'application/json' };
    const post = { method: 'POST', body, headers };
    assert.equal((await admin.call('/v1/diff', { ...post, token: false })).status, 401);
    for (const [wrong, code] of [
      [{}, 'INVALID_BODY'],
      [{ peerId: '' }, 'INVALID_BODY'],
      [{ peerId: 'p', limit: 10_001 }, 'INVALID_BODY'],
      [{ peerId: 'p', from: '5', to: '5' }, 'INVALID_BODY'],
      [{ peerId: 'p', from: '-1' }, 'INVALID_HINT'],
      [{ peerId: 'p', to: `${LAST + 1n}` }, 'INVALID_HINT'],
    ] as const) {
      const { status, json } = await admin.post('/v1/diff', wrong);
      assert.deepEqual([status, json.code], [400, code], JSON.stringify(wrong));
    }
    assert.deepEqual(calls, []);
  });

  it('say that a dialect cannot tell', async (context) => {
    const { node, url } = await startAdminFor(context);
    Object.assign(node.explain, {
      diff: async () => {
        throw new ProtocolError('DIALECT_CANNOT_TELL', 'm');
      },
    });
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', body: '{"peerId":"p"}', headers };
    const { status, json } = await send(url, '/v1/diff', init);
    assert.deepEqual([status, json.code], [422, 'DIALECT_CANNOT_TELL']);
  });

  it('run four comparisons at a time, and serve 64 clients that wait', async (context) => {
    const { node, url } = await startAdminFor(context);
    for (const [name, path, places] of [
      ['diff', '/v1/diff', 4],
      ['synced', '/v1/synced?wait=5s', 64],
    ] as const) {
      const { promise, resolve } = Promise.withResolvers<object>();
      let begun = 0;
      const all = Promise.withResolvers<void>();
      const hold = () => {
        if (++begun === places) all.resolve();
        return promise;
      };
      Object.assign(node.explain, { [name]: hold });
      const headers = { 'content-type': 'application/json' };
      const body = '{"peerId":"p"}';
      const call = () => send(url, path, name === 'diff' ? { method: 'POST', body, headers } : {});
      const held = Array.from({ length: places }, call);
      await all.promise;
      const refused = await call();
      assert.deepEqual([refused.status, refused.json.code], [503, 'BUSY'], name);
      resolve({ onlyHere: [], onlyThere: [], unlisted: [] });
      for (const { status } of await Promise.all(held)) assert.equal(status, 200);
      assert.equal((await call()).status, 200, 'there is room again');
    }
  });

  it('answer clients that do not wait at once while 64 wait', async (context) => {
    const { node, url } = await startAdminFor(context);
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = Promise.withResolvers<void>();
    let begun = 0;
    const { synced } = node.explain;
    const renewing: boolean[] = [];
    node.explain.synced = async (init) => {
      if (init.waitMs === 0) renewing.push(init.renews);
      else {
        if (++begun === 64) all.resolve();
        await promise;
      }
      return synced(init);
    };
    await send(url, '/v1/synced');
    const held = Array.from({ length: 64 }, () => send(url, '/v1/synced?wait=6s'));
    await all.promise;
    const { status: atOnce } = await send(url, '/v1/synced?maxLagSeconds=5');
    resolve();
    assert.equal(atOnce, 200);
    assert.deepEqual(renewing, [true, false], 'no session is waited for');
    for (const { status } of await Promise.all(held)) assert.equal(status, 200);
  });

  it('list sessions and wanted items', async () => {
    const { calls } = explain();
    assert.deepEqual((await admin.call('/v1/sessions')).json, { running: [], ended: [] });
    const { json } = await admin.call(`/v1/wants?limit=5&cursor=${ID}`);
    assert.deepEqual(json, { wanted: 0, orphans: 0, items: [], cursor: null });
    await admin.call('/v1/wants');
    assert.deepEqual(calls, [
      { limit: 5, after: ID },
      { limit: 100, after: null },
    ]);
    assert.equal((await admin.call('/v1/wants?cursor=x')).json.code, 'INVALID_CURSOR');
    assert.equal((await admin.call('/v1/wants?limit=1001')).json.code, 'INVALID_QUERY');
    assert.equal((await admin.call('/v1/sessions?x=1')).json.code, 'INVALID_QUERY');
  });

  it('show one peer, and forget it for writers', async () => {
    assert.equal((await admin.call('/v1/peers/12D3')).json.code, 'UNKNOWN_PEER');
    admin.node.dialled.push('/ip4/127.0.0.1/tcp/1');
    const { json } = await admin.call('/v1/peers/12D3');
    assert.deepEqual([json.peerId, json.wanted, json.sessions], ['12D3', 0, []]);
    const forget = { method: 'DELETE' };
    assert.equal((await admin.call('/v1/peers/12D3', { ...forget, token: false })).status, 401);
    const gone = await admin.call('/v1/peers/12D3', forget);
    assert.deepEqual(gone.json, { forgotten: '12D3', removed: [] });
    assert.deepEqual(admin.node.forgotten, ['12D3']);
    admin.node.fault = new DaemonError('PEER_CONNECTED', 'm');
    assert.equal((await admin.call('/v1/peers/12D3', forget)).status, 409);
    assert.equal((await admin.call('/v1/peers/a%2Fb')).json.code, 'INVALID_QUERY');
  });
});
