import assert from 'node:assert/strict';
import { it } from 'node:test';
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
