import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyAnswer } from '../../../../src/daemon/node/explain/index.ts';
import type { RefusedItem } from '../../../../src/store/index.ts';

const ID = new Uint8Array(32).fill(7);

async function stateOf(by: RefusedItem['by'], state: 'wanted' | 'unknown'): Promise<string> {
  const refused = { id: ID, at: 1_000, by, hint: 1n, reason: 'no' };
  const why = { state, since: 1_000, expiresAt: 2_000, attempts: [] };
  const answer = await whyAnswer(ID, {
    replica: { head: async () => undefined, refusals: { get: () => refused } },
    replicator: { whys: { of: () => why } },
  } as never);
  return answer.state;
}

describe('why a refused item is not held', () => {
  it('is that it is wanted where a policy refused it of one peer alone', async () => {
    assert.equal(await stateOf('policy', 'wanted'), 'wanted');
    assert.equal(await stateOf('policy', 'unknown'), 'refused');
    assert.equal(await stateOf('operator', 'wanted'), 'refused');
  });
});
