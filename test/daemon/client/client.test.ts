import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OPERATIONS } from '../../../src/daemon/admin/testing.ts';
import { AdminClient, type ClientError, type Transport } from '../../../src/daemon/client/index.ts';
import { SharedAdmin, TOKEN } from '../admin/running-admin.ts';

const PAYLOAD = new TextEncoder().encode('x');

describe('AdminClient', () => {
  const running = new SharedAdmin();
  const client = (init: { basePath?: string; fetch?: Transport } = {}): AdminClient =>
    new AdminClient({ url: `${running.url}/`, token: TOKEN, ...init });

  it('has a method for each operation, of the same name', () => {
    for (const { id } of OPERATIONS) {
      assert.equal(typeof AdminClient.prototype[id as 'sync'], 'function', id);
    }
  });

  it('stores, finds and lists items', async () => {
    const daemon = client();
    const { id, hint, created } = await daemon.putItem(PAYLOAD, { hint: 7n });
    assert.deepEqual([hint, created], ['7', true]);
    const item = await daemon.getItem(id.slice(0, 8));
    assert.deepEqual(item, { id, hint: '7', payload: PAYLOAD });
    const page = await daemon.listItems({ from: 7n, to: 8, limit: 1 });
    assert.deepEqual(page, { items: [{ hint: '7', id, bytes: 1 }], cursor: null });
    assert.equal((await daemon.whyItem(id)).state, 'have');
  });

  it('tells of the node and its peers', async () => {
    const daemon = client();
    assert.equal((await daemon.getLive()).status, 'live');
    assert.equal((await daemon.getReady()).status, 'ready');
    assert.equal((await daemon.getIdentity('ab'.repeat(32))).proof.length, 64);
    const address = '/ip4/192.0.2.1/tcp/1';
    assert.equal((await daemon.addPeer({ address })).address, address);
    assert.equal((await daemon.getStatus()).peers.length, 1);
    assert.equal((await daemon.listPeers()).peers.length, 1);
    assert.deepEqual(await daemon.removePeer({ address }), { removed: [address] });
    assert.equal((await daemon.sync()).equal, true);
    assert.equal((await daemon.getOpenApi()).openapi, '3.1.0');
  });

  it('stores, asks for and exports many items', async () => {
    const daemon = client();
    const collect = async <T>(lines: AsyncIterable<T>): Promise<T[]> => {
      const all: T[] = [];
      for await (const line of lines) all.push(line);
      return all;
    };
    const [first, trailer] = await collect(daemon.putItems([{ hint: 9n, payload: PAYLOAD }]));
    assert.ok(
      first !== undefined && 'id' in first && trailer !== undefined && 'trailer' in trailer,
    );
    const other = 'ab'.repeat(32);
    assert.deepEqual((await daemon.haveItems([first.id, other])).have, [true, false]);
    const got = await collect(daemon.getItems([other, first.id]));
    assert.deepEqual(got.slice(0, 2), [
      { missing: other },
      { hint: '9', id: first.id, payload: 'eA==' },
    ]);
    const [header, ...rest] = await collect(daemon.exportItems({ from: 9, to: 10n }));
    assert.ok(header !== undefined && 'header' in header && header.header.items === 1);
    assert.equal(rest.length, 2);
  });

  it('tells of an answer that was cut before its trailer', async () => {
    const cut: Transport = async () => ({
      status: 200,
      headers: { get: () => null },
      body: (async function* () {
        yield new TextEncoder().encode('{"id":"x","hint":"1","created":true}\n');
      })(),
      arrayBuffer: async () => new ArrayBuffer(),
    });
    const lines = client({ fetch: cut }).putItems([]);
    assert.equal((await lines.next()).done, false);
    await assert.rejects(lines.next(), { code: 'ANSWER_CUT' });
  });

  it('explains the node', async () => {
    const daemon = client();
    const { node } = running;
    const synced = await daemon.getSynced({ maxLagSeconds: 30, waitSeconds: 5 });
    assert.deepEqual([synced.synced, synced.maxLagSeconds], [false, 30]);
    const { from, counts } = await daemon.diff({ peerId: 'p', from: '1', limit: 2 });
    assert.deepEqual([from, counts], ['1', { here: 1, there: 1 }]);
    assert.deepEqual(await daemon.listSessions(), { running: [], ended: [] });
    assert.equal((await daemon.listWants({ limit: 5, cursor: 'ab'.repeat(32) })).wanted, 0);
    node.dialled.push('/ip4/192.0.2.1/tcp/1');
    assert.equal((await daemon.getPeer('other')).peerId, 'other');
    assert.deepEqual(await daemon.forgetPeer('other'), { forgotten: 'other', removed: [] });
    assert.equal((await daemon.pardonPeer('other')).standing.bannedUntil, null);
    await assert.rejects(daemon.getPeer('../x'), { code: 'INVALID_QUERY' });
  });

  it('gives the events of the types asked for, behind the last that it has', async () => {
    const { events } = running.node;
    for (const peer of ['a', 'b']) events.peer(peer, 'connected');
    events.config(['log.level']);
    const after = events.place({ number: 1, missed: 0 });
    for await (const event of client().watchEvents({ types: ['peer', 'item'], after })) {
      assert.ok(event.type === 'peer');
      assert.equal(event.peerId, 'b');
      break;
    }
  });

  it('gives the lines of a verification as they come', async () => {
    const told = [];
    for await (const line of client().verify()) told.push(Object.keys(line));
    assert.deepEqual(told, [['result']]);
  });

  it('rejects with the status, code and message of a refusal', async () => {
    const stranger = new AdminClient({ url: running.url });
    await assert.rejects(stranger.putItem(PAYLOAD), {
      name: 'ClientError',
      status: 401,
      code: 'UNAUTHORIZED',
      message: /Authorization/,
    });
    await assert.rejects(stranger.getItem('../x'), { code: 'INVALID_ID' });
    await assert.rejects(stranger.listItems({ limit: 0 }), { code: 'INVALID_QUERY' });
  });

  it('does not tell a token that is no header', async () => {
    const daemon = new AdminClient({ url: 'http://127.0.0.1:1', token: 'secret\nsecret' });
    await assert.rejects(daemon.getStatus(), (error: ClientError) => {
      assert.deepEqual([error.status, error.code], [0, 'INVALID_TOKEN']);
      return !error.message.includes('secret');
    });
  });

  it('takes a base path and a transport', async () => {
    const asked: string[] = [];
    const fetch: Transport = async (url, { method, headers, redirect }) => {
      asked.push(`${method} ${url} ${headers.authorization} ${redirect}`);
      const status = asked.length === 1 ? 200 : 502;
      return new Response('<html>', { status });
    };
    const daemon = client({ basePath: '/v1/sets/a', fetch });
    await assert.rejects(daemon.getStatus(), { code: 'INVALID_ANSWER' });
    await assert.rejects(daemon.getLive(), { code: 'HTTP_502', status: 502 });
    const { url } = running;
    assert.deepEqual(asked, [
      `GET ${url}/v1/sets/a/status Bearer ${TOKEN} error`,
      `GET ${url}/livez Bearer ${TOKEN} error`,
    ]);
  });

  it('ends a call by its signal', async () => {
    await assert.rejects(client().getStatus({ signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
  });
});
