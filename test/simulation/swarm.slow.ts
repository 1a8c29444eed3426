import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { cleanUp } from '../support/clean-up.ts';
import { Pool } from './swarm/pool.ts';

function pool(t: TestContext): Pool {
  const threads = new Pool({ threads: 1, limitMs: 60_000 });
  cleanUp(t, () => threads.close());
  return threads;
}

describe('a swarm under virtual time', () => {
  it('converges without a violation, and the same seed gives the same hash', async (t) => {
    const threads = pool(t);
    const run = (seed: string) => threads.run({ seed, overrides: {}, keep: false, marks: false });
    const [first, second, other] = [await run('6'), await run('6'), await run('8')];
    assert.deepEqual(first.violations, []);
    assert.ok(first.converged && other.converged);
    assert.equal(second.traceHash, first.traceHash);
    assert.notEqual(other.traceHash, first.traceHash);
  });
});
