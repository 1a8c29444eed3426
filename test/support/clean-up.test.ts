import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUp, unwind } from './clean-up.ts';

describe('clean-up of a test', () => {
  const done: string[] = [];

  it('is asked for in some order', (t) => {
    for (const name of ['directory', 'database', 'replica']) cleanUp(t, () => done.push(name));
  });

  it('undoes what was set up last first', () => {
    assert.deepEqual(done, ['replica', 'database', 'directory']);
  });

  it('goes on where some of it fails, and says so in the end', async () => {
    const order: number[] = [];
    const failing = (number: number) => () => {
      order.push(number);
      if (number > 1) throw new Error(`work ${number} failed`);
    };
    await assert.rejects(unwind([1, 2, 3].map(failing)), /work 3 failed/);
    assert.deepEqual(order, [3, 2, 1]);
  });
});
