import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AdminInit } from '../../../src/daemon/admin/index.ts';
import { send, startAdminFor } from './running-admin.ts';

const METRICS: AdminInit['metrics'] = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: async () => 'a_total 1\n',
};

describe('GET /metrics', () => {
  it('answers with the text of the metrics, without a token on loopback', async (t) => {
    const { url } = await startAdminFor(t, { metrics: METRICS });
    const { status, headers, body } = await send(url, '/metrics', { token: false });
    assert.deepEqual(
      [status, headers['content-type'], new TextDecoder().decode(body)],
      [200, METRICS.contentType, 'a_total 1\n'],
    );
    const head = await send(url, '/metrics', { method: 'HEAD', token: false });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
  });

  it('needs the token beyond loopback, like every read', async (t) => {
    const init = { host: '0.0.0.0', metrics: METRICS };
    const { url } = await startAdminFor(t, init);
    assert.equal((await send(url, '/metrics', { token: false })).status, 401);
    assert.equal((await send(url, '/metrics')).status, 200);
  });

  it('takes no query and no other method', async (t) => {
    const { url } = await startAdminFor(t, { metrics: METRICS });
    const query = await send(url, '/metrics?name=x');
    assert.deepEqual([query.status, query.json.code], [400, 'INVALID_QUERY']);
    const post = await send(url, '/metrics', { method: 'POST' });
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  });
});

describe('the observer of the admin endpoint', () => {
  it('hears of each answer by the pattern of its path, and of refusals by code', async (t) => {
    const heard: unknown[] = [];
    const observer: AdminInit['observer'] = {
      answered: ({ method, route, status, ms }) => {
        assert.ok(ms >= 0);
        heard.push([method, route, status]);
      },
      refused: (code) => heard.push(code),
    };
    const { url } = await startAdminFor(t, { observer });
    await send(url, '/v1/status');
    await send(url, `/v1/items/${'ab'.repeat(32)}/why`);
    await send(url, '/nothing?x=1');
    assert.deepEqual(heard, [
      ['GET', '/v1/status', 200],
      ['GET', '/v1/items/:id/why', 200],
      'NOT_FOUND',
      ['GET', undefined, 404],
    ]);
  });
});
