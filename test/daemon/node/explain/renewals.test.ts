import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Renewals } from '../../../../src/daemon/node/explain/testing.ts';
import { byNow } from '../../../support/by-now.ts';
import { VirtualClock } from '../../../support/clock.ts';

describe('the sessions that readers cause', () => {
  it('are one with each peer in the time that readers name, which later readers join', async () => {
    const clock = new VirtualClock();
    const begun: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const renewals = new Renewals({
      clock,
      run: (peer) => {
        begun.push(peer);
        return promise;
      },
    });
    const first = renewals.run(['p', 'q'], 5_000);
    await clock.advance(4_999);
    const second = renewals.run(['p'], 5_000);
    assert.deepEqual(begun, ['p', 'q']);
    await clock.advance(1);
    const third = renewals.run(['p'], 5_000);
    assert.deepEqual(begun, ['p', 'q', 'p']);
    await clock.advance(1_000);
    const hurried = renewals.run(['p'], 1_000);
    assert.deepEqual(begun, ['p', 'q', 'p', 'p']);
    resolve();
    for (const each of [first, second, third, hurried])
      await byNow(each, 'the sessions have ended');
  });
});
