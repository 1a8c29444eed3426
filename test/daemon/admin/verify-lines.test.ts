import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError, type VerifyOptions } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { send, startAdminFor } from './running-admin.ts';

describe('the lines of a verification', () => {
  it('are at least a tenth of a second apart, and immediate for each new phase', async (context) => {
    const clock = new VirtualClock();
    const { node, url } = await startAdminFor(context, { clock });
    const { verify } = node;
    node.verify = async (options) => {
      const tell = (phase: 'tree' | 'items', done: number) =>
        options.progress?.({ phase, done, of: 9 });
      tell('tree', 1);
      tell('items', 2);
      for (const done of [3, 5]) {
        await clock.advance(99);
        tell('items', done);
        await clock.advance(1);
        tell('items', done + 1);
      }
      return verify.call(node, options);
    };
    for (let round = 0; round < 2; round++) {
      const { body } = await send(url, '/v1/verify', { method: 'POST' });
      const lines = new TextDecoder().decode(body).trimEnd().split('\n');
      const told = lines.map((line) => JSON.parse(line).progress?.done ?? 'result');
      assert.deepEqual(told, [1, 2, 4, 6, 'result'], `round ${round}`);
    }
  });

  it('allow another verification after each way to end', async (context) => {
    const { node, url, errors } = await startAdminFor(context);
    const { verify } = node;
    const ask = () => send(url, '/v1/verify', { method: 'POST' });
    node.verify = () => Promise.reject(new StoreError('STORE_CLOSED', 'closed'));
    for (let round = 0; round < 2; round++) assert.equal((await ask()).status, 503);
    node.verify = async ({ progress }: VerifyOptions) => {
      progress?.({ phase: 'items', done: 1, of: 2 });
      throw new Error('an unknown error');
    };
    for (let round = 1; round <= 2; round++) {
      const { body, status } = await ask();
      assert.equal(status, 200);
      assert.match(new TextDecoder().decode(body), /"code":"INTERNAL"/);
      assert.equal(errors.length, round, 'the log has the reason');
    }
    node.verify = verify;
    assert.equal((await ask()).status, 200);
  });
});

describe('an admin endpoint that closes', () => {
  it('leaves no timer behind', async (context) => {
    const clock = new VirtualClock();
    const { admin, url } = await startAdminFor(context, { clock });
    assert.equal((await send(url, '/livez')).status, 200);
    for (let i = 0; i < 2; i++) await admin.close();
    assert.equal(clock.pending, 0);
  });
});
