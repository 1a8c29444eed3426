import assert from 'node:assert/strict';
import { it } from 'node:test';
import { until } from '../../e2e/support/mesh.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { send, startAdmin } from './running-admin.ts';

it('tells of each call about items before its answer, and of no call of operators', async (context) => {
  let asked = 0;
  const { admin, url, node } = await startAdmin({ asked: () => asked++ });
  cleanUp(context, () => admin.close());
  const { json } = await send(url, '/v1/items?hint=1', { method: 'POST', body: new Uint8Array(9) });
  assert.equal(asked, 1);
  const get = node.get.bind(node);
  node.get = (id) => {
    assert.equal(asked, 2, 'the answer comes later');
    return get(id);
  };
  await send(url, `/v1/items/${json.id}`);
  assert.equal(asked, 2);
  for (const path of ['/v1/status', '/v1/peers', '/metrics', '/live', '/nothing']) {
    await send(url, path);
  }
  assert.equal(asked, 2);
});

it('tells of no call that is refused', async (context) => {
  let asked = 0;
  const bounds = { maxRequests: 1 };
  const { admin, url, node } = await startAdmin({ asked: () => asked++, readToken: true, bounds });
  cleanUp(context, () => admin.close());
  const put = { method: 'POST', body: new Uint8Array(9) };
  const elsewhere = { headers: { host: 'elsewhere.example' } };
  for (const [path, init, status] of [
    ['/v1/items?hint=1', { ...put, token: false }, 401],
    ['/v1/items?hint=1', { ...put, ...elsewhere }, 403],
    ['/v1/items', { token: false }, 401],
    ['/v1/items', elsewhere, 403],
    ['/v1/items?hint=1', { ...put, headers: { 'content-encoding': 'gzip' } }, 415],
  ] as const) {
    assert.equal((await send(url, path, init)).status, status, path);
  }
  const gate = Promise.withResolvers<void>();
  node.gate = gate.promise;
  const waiting = send(url, '/v1/items?hint=1', put);
  await until(
    async () => (await send(url, '/v1/items')).status,
    (status) => status === 503,
  );
  gate.resolve();
  await waiting;
  assert.equal(asked, 1);
});
