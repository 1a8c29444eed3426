import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import type { VerifyOptions, VerifyResult } from '../../../src/store/index.ts';
import { StoreError } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { type RunningAdmin, type SendInit, send, startAdmin, TOKEN } from './running-admin.ts';

describe('POST /v1/verify', () => {
  let running: RunningAdmin;
  let verify: RunningAdmin['node']['verify'];
  const ask = (init: SendInit = {}) => send(running.url, '/v1/verify', { method: 'POST', ...init });
  const lines = (body: Uint8Array) =>
    new TextDecoder()
      .decode(body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  before(async () => {
    // How many lines are told depends on the time; here it stands still.
    running = await startAdmin({ clock: new VirtualClock() });
    ({ verify } = running.node);
  });
  after(() => running.admin.close());
  afterEach(() => {
    running.node.verify = verify;
  });

  it('sends its progress line by line, and then the result', async () => {
    running.node.verify = async (options) => {
      for (const phase of ['log', 'tree', 'tree', 'items', 'ids'] as const) {
        options.progress?.({ phase, done: 1, of: 2 });
      }
      return verify(options);
    };
    const { status, headers, body } = await ask();
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^application\/x-ndjson/);
    const told = lines(body);
    const phases = told.slice(0, -1).map(({ progress }) => progress.phase);
    assert.deepEqual(phases, ['log', 'tree', 'items', 'ids'], 'a phase once within 100 ms');
    assert.equal(told.at(-1).result.ok, true);
  });

  it('needs the token, and takes no parameters', async () => {
    assert.equal((await ask({ token: false })).status, 401);
    const query = await send(running.url, '/v1/verify?deep=1', { method: 'POST' });
    assert.deepEqual([query.status, query.json.code], [400, 'INVALID_QUERY']);
    assert.equal((await send(running.url, '/v1/verify')).status, 405);
  });

  it('says why it cannot begin or continue', async () => {
    const error = new StoreError('STORE_REBUILDING', 'the index is being built again: wait');
    running.node.verify = () => Promise.reject(error);
    const refused = await ask();
    assert.deepEqual([refused.status, refused.json.code], [503, 'STORE_REBUILDING']);
    running.node.verify = async ({ progress }) => {
      progress?.({ phase: 'items', done: 1, of: 2 });
      throw new StoreError('STORE_CORRUPT', 'the database cannot be read to its end');
    };
    assert.equal(lines((await ask()).body).at(-1).error.code, 'STORE_CORRUPT');
  });

  it('runs once at a time, and ends when its client disconnects', async () => {
    const begun = Promise.withResolvers<VerifyOptions>();
    running.node.verify = (options) => {
      options.progress?.({ phase: 'items', done: 1, of: 2 });
      begun.resolve(options);
      const { signal } = options;
      return new Promise<VerifyResult>((_resolve, reject) => {
        signal!.addEventListener('abort', () => reject(signal!.reason), { once: true });
      });
    };
    const headers = { authorization: `Bearer ${TOKEN}` };
    const call = request(`${running.url}/v1/verify`, { method: 'POST', headers, agent: false });
    call.end();
    const [response] = await once(call, 'response');
    const { signal } = await begun.promise;
    const second = await ask();
    assert.deepEqual([second.status, second.json.code], [409, 'VERIFY_RUNNING']);
    const aborted = once(signal!, 'abort');
    response.on('error', () => undefined);
    call.destroy();
    await aborted;
    running.node.verify = verify;
    assert.equal((await ask()).status, 200);
  });
});
