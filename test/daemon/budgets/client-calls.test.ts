import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ClientCalls } from '../../../src/daemon/budgets/index.ts';
import { VirtualClock } from '../../support/clock.ts';

it('calls of clients are recent for a quarter of a second, and before the first call none is', async () => {
  const clock = new VirtualClock();
  const calls = new ClientCalls(clock);
  assert.equal(calls.recent, false);
  calls.came();
  await clock.advance(200);
  calls.came();
  await clock.advance(249);
  assert.equal(calls.recent, true);
  await clock.advance(1);
  assert.equal(calls.recent, false);
});
