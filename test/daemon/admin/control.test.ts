import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DaemonError } from '../../../src/daemon/index.ts';
import { SharedAdmin, send, startAdminFor } from './running-admin.ts';

const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';

describe('run-time control over HTTP', () => {
  const shared = new SharedAdmin();
  const { call, post } = shared;
  beforeEach(() => {
    shared.control.asked.length = 0;
  });

  it('shows the configuration without a token on loopback', async () => {
    const { status, json } = await call('/v1/config', { token: false });
    assert.equal(status, 200);
    assert.deepEqual(json.keys['network.name'], {
      value: 'test',
      from: 'file',
      source: '/etc/r.yaml',
      reloadable: false,
    });
    assert.deepEqual(json.needsRestart, ['network.name']);
  });

  it('changes nothing without a token', async () => {
    const paths = ['config/reload', 'config/log-level', 'pause', 'resume', 'compact'];
    for (const path of paths) {
      const { status } = await post(`/v1/${path}`, {}, { token: false });
      assert.equal(status, 401, path);
    }
    assert.deepEqual(shared.control.asked, []);
  });

  it('reloads, and answers a wrong configuration with 422 and its code', async () => {
    const { control } = shared;
    const answer = { changed: ['log.level'], needsRestart: [] };
    assert.deepEqual((await post('/v1/config/reload', {})).json, answer);
    const before = control.reload;
    control.reload = () => Promise.reject(new DaemonError('CONFIG_INVALID', 'configuration: x'));
    const refused = await call('/v1/config/reload', { method: 'POST' });
    assert.deepEqual(
      [refused.status, refused.json],
      [422, { code: 'CONFIG_INVALID', message: 'configuration: x' }],
    );
    control.reload = before;
  });

  it('sets the level of the log, and no other word', async () => {
    assert.deepEqual((await post('/v1/config/log-level', { level: 'debug' })).json, {
      level: 'debug',
    });
    assert.equal(shared.control.level, 'debug');
    for (const body of [{}, { level: 'loud' }, { level: 'info', more: 1 }]) {
      assert.equal((await post('/v1/config/log-level', body)).json.code, 'INVALID_BODY');
    }
    assert.equal(shared.control.level, 'debug');
  });

  it('pauses and resumes all peers or one', async () => {
    const { control } = shared;
    assert.equal((await call('/v1/pause', { method: 'POST' })).json.all, true);
    await post('/v1/pause', { peerId: PEER, keep: true });
    await post('/v1/resume', { peerId: PEER });
    await call('/v1/resume', { method: 'POST' });
    assert.deepEqual(control.asked, [
      ['pause', { keep: false }],
      ['pause', { keep: true, peerId: PEER }],
      ['resume', PEER],
      ['resume', undefined],
    ]);
  });

  it('refuses a peer id that is none', async () => {
    for (const path of ['/v1/pause', '/v1/resume']) {
      for (const peerId of ['x', '', 7]) {
        const { status, json } = await post(path, { peerId });
        assert.deepEqual([status, json.code], [400, 'INVALID_BODY']);
      }
    }
    assert.deepEqual(shared.control.asked, []);
  });

  it('refuses a body that is null, and pauses nothing', async () => {
    for (const path of ['/v1/pause', '/v1/resume', '/v1/sync']) {
      const { status, json } = await post(path, null);
      assert.deepEqual([status, json.code], [400, 'INVALID_BODY'], path);
    }
    assert.deepEqual(shared.control.asked, []);
  });

  it('compacts once at a time', async (context) => {
    const { control, url } = await startAdminFor(context);
    const { compact } = control;
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    control.compact = async () => {
      begun.resolve();
      await gate.promise;
      throw new DaemonError('SHUTTING_DOWN', 'no');
    };
    const first = send(url, '/v1/compact', { method: 'POST' });
    await begun.promise;
    const second = await send(url, '/v1/compact', { method: 'POST' });
    assert.deepEqual([second.status, second.json.code], [409, 'COMPACT_RUNNING']);
    gate.resolve();
    assert.equal((await first).status, 503);
    control.compact = compact;
    assert.equal((await send(url, '/v1/compact', { method: 'POST' })).json.afterBytes, 1_024);
  });

  it('tells how far a compaction is, to clients that ask for lines', async (context) => {
    const { control, url } = await startAdminFor(context);
    const { compact } = control;
    const headers = { accept: 'application/x-ndjson' };
    const lines = async () => {
      const { body } = await send(url, '/v1/compact', { method: 'POST', headers });
      const text = new TextDecoder().decode(body);
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    control.compact = async ({ progress } = {}) => {
      progress?.({ done: 0, of: 9 });
      return compact();
    };
    const result = await compact();
    for (let twice = 0; twice < 2; twice++) {
      assert.deepEqual(await lines(), [{ progress: { done: 0, of: 9 } }, { result }]);
    }
    const error = { code: 'SHUTTING_DOWN', message: 'no' };
    control.compact = async ({ progress } = {}) => {
      progress?.({ done: 0, of: 9 });
      throw new DaemonError('SHUTTING_DOWN', 'no');
    };
    assert.deepEqual((await lines()).at(-1), { error });
    control.compact = () => Promise.reject(new DaemonError('SHUTTING_DOWN', 'no'));
    const early = await send(url, '/v1/compact', { method: 'POST', headers });
    assert.deepEqual([early.status, early.json.code], [503, 'SHUTTING_DOWN']);
  });
});
