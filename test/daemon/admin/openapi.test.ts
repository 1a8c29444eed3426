import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { codesOf, OPERATIONS } from '../../../src/daemon/admin/testing.ts';
import { bytesToHex, itemId } from '../../../src/store/index.ts';
import { endedEvents } from './fake-node.ts';
import { checkAnswer } from './operations.ts';
import { type SendInit, SharedAdmin } from './running-admin.ts';

const PAYLOAD = new TextEncoder().encode('x');
const ID = bytesToHex(itemId(7n, PAYLOAD));
const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
const ADDRESS = '/ip4/192.0.2.1/tcp/1';

const json = (body: object): SendInit => ({
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

/** Calls of each operation: the path and what goes with it, for each answer but refusals. */
const CALLS: Record<string, Record<number, readonly [path: string, init?: SendInit]>> = {
  getLive: { 200: ['/livez'] },
  getReady: { 200: ['/readyz?from=a-monitor'] },
  getIdentity: { 200: [`/v1/identity/${'ab'.repeat(32)}`] },
  getStatus: { 200: ['/v1/status'] },
  listPeers: { 200: ['/v1/peers'] },
  addPeer: { 200: ['/v1/peers', json({ address: ADDRESS })] },
  removePeer: { 200: ['/v1/peers', json({ peerId: 'gone' })] },
  sync: { 200: ['/v1/sync', json({ peerId: 'other' })] },
  getSynced: { 200: ['/v1/synced?maxLagSeconds=30&wait=0s'] },
  diff: { 200: ['/v1/diff', json({ peerId: 'p', from: '1', to: '9' })] },
  listSessions: { 200: ['/v1/sessions'] },
  listWants: { 200: ['/v1/wants?limit=5'] },
  getPeer: { 200: ['/v1/peers/other'] },
  forgetPeer: { 200: ['/v1/peers/other'] },
  watchEvents: { 200: ['/v1/events'] },
  listItems: { 200: ['/v1/items?from=1&to=9&limit=1'] },
  putItem: {
    201: ['/v1/items?hint=8', { body: PAYLOAD }],
    200: ['/v1/items?hint=7', { body: PAYLOAD }],
  },
  getItem: {
    200: [`/v1/items/${ID.slice(0, 8)}`],
    304: [`/v1/items/${ID}`, { headers: { 'if-none-match': `"${ID}"` } }],
  },
  whyItem: { 200: [`/v1/items/${ID}/why`] },
  putItems: {
    200: [
      '/v1/items/batch',
      {
        body: '{"hint":7,"payload":"eA=="}\n{}\n',
        headers: { 'content-type': 'application/x-ndjson' },
      },
    ],
  },
  haveItems: { 200: ['/v1/items/have', json({ ids: [ID] })] },
  getItems: { 200: ['/v1/items/get', json({ ids: [ID, 'ab'.repeat(32)] })] },
  exportItems: { 200: ['/v1/export?from=1&to=9'] },
  listChanges: { 200: ['/v1/changes?since=0&limit=2&payloads=true&wait=0s'] },
  verify: { 200: ['/v1/verify'] },
  getConfiguration: { 200: ['/v1/config'] },
  reload: { 200: ['/v1/config/reload'] },
  setLogLevel: { 200: ['/v1/config/log-level', json({ level: 'debug' })] },
  pause: { 200: ['/v1/pause', json({ peerId: PEER, keep: true })] },
  resume: { 200: ['/v1/resume'] },
  compact: { 200: ['/v1/compact'] },
  getOpenApi: { 200: ['/openapi.json'] },
  getMetrics: { 200: ['/metrics'] },
};

describe('the OpenAPI document', () => {
  const running = new SharedAdmin();
  const { call, put } = running;
  before(() => {
    Object.assign(running.node, { events: endedEvents });
  });
  beforeEach(() => {
    running.node.dialled.push(ADDRESS);
  });
  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape.
  const document = async (): Promise<any> => (await call('/openapi.json', { token: false })).json;

  it('is valid OpenAPI 3.1, and is served without a token', async () => {
    const text = await document();
    assert.equal(text.openapi, '3.1.0');
    const { valid, errors } = await new Validator().validate(text);
    assert.ok(valid, JSON.stringify(errors));
  });

  it('has every operation, with all codes that it can be refused with', async () => {
    const { paths } = await document();
    const ids = new Set<string>();
    for (const operation of OPERATIONS) {
      const path = operation.path.replace(/:(\w+)/g, '{$1}');
      const shown = paths[path][operation.method.toLowerCase()];
      assert.equal(shown.operationId, operation.id);
      assert.ok(shown.summary.length > 0 && shown.description.length > 0, operation.id);
      assert.deepEqual(shown['x-codes'], codesOf(operation));
      const statuses = new Set([
        ...Object.keys(operation.answers),
        ...Object.keys(shown['x-codes']),
      ]);
      assert.deepEqual(new Set(Object.keys(shown.responses)), statuses, operation.id);
      ids.add(operation.id);
    }
    assert.equal(ids.size, OPERATIONS.length, 'ids are unique');
    const all = Object.values(paths).flatMap((path) => Object.keys(path as object));
    assert.equal(all.length, OPERATIONS.length, 'and nothing else is documented');
  });

  it('says which bodies may be left out, and which calls need the token', async () => {
    const { paths } = await document();
    assert.equal(paths['/v1/sync'].post.requestBody.required, false);
    assert.equal(paths['/v1/peers'].post.requestBody.required, true);
    assert.equal(paths['/v1/items'].post.requestBody.required, false);
    assert.deepEqual(paths['/v1/items'].post.security, [{ bearer: [] }]);
    assert.deepEqual(paths['/v1/items'].get.security, [{}, { bearer: [] }]);
    assert.deepEqual(paths['/livez'].get.security, []);
  });

  it('tells the other types that a client may ask for', async () => {
    const { paths } = await document();
    const { content } = paths['/v1/events'].get.responses[200];
    assert.deepEqual(Object.keys(content), ['application/x-ndjson', 'text/event-stream']);
    const operation = OPERATIONS.find(({ id }) => id === 'diff')!;
    const headers = { 'content-type': 'application/json', accept: 'application/x-ndjson' };
    const answer = await call('/v1/diff', { method: 'POST', body: '{"peerId":"p"}', headers });
    assert.equal(answer.status, 200);
    checkAnswer(operation, answer);
  });

  for (const { id, method, answers, ...operation } of OPERATIONS) {
    it(`tells what ${id} answers`, async () => {
      await put(PAYLOAD, '?hint=7');
      const calls = CALLS[id];
      assert.deepEqual(Object.keys(calls ?? {}), Object.keys(answers), 'a call for each answer');
      for (const [status, [path, init]] of Object.entries(calls ?? {})) {
        const answer = await call(path, { method, ...init });
        assert.equal(answer.status, Number(status), JSON.stringify(answer.json));
        checkAnswer({ id, method, answers, ...operation }, answer);
      }
    });
  }

  it('tells how each operation refuses a caller without a token, and a foreign host', async () => {
    await put(PAYLOAD, '?hint=7');
    for (const operation of OPERATIONS) {
      const { id, method, access, answers } = operation;
      const [[path, init]] = Object.values(CALLS[id]!) as [[string, SendInit?]];
      const stranger = await call(path, { method, ...init, token: false });
      assert.equal(stranger.status === 401, access === 'write', id);
      assert.ok(stranger.status === 401 || stranger.status in answers, id);
      checkAnswer(operation, stranger);
      const host = { ...init?.headers, host: 'evil.example' };
      const foreign = await call(path, { method, ...init, headers: host });
      assert.equal(foreign.status, 403);
      checkAnswer(operation, foreign);
    }
  });
});
