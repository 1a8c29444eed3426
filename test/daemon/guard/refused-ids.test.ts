import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GuardedKey, refusedIdCheck } from '../../../src/daemon/guard/index.ts';
import { idOf } from '../replicator/support.ts';

const ORIGIN = { via: 'push', peer: 'a', publisher: 'b' } as const;

function check(...refused: readonly number[]) {
  const has = (id: Uint8Array) => refused.some((number) => idOf(number)[3] === id[3]);
  return refusedIdCheck({
    has,
    hasFrom: (_source, id) => has(id),
    counts: { operator: refused.length, policy: 0 },
  });
}

describe('the check of refused ids', () => {
  it('refuses the items that are kept out, whichever peer has them', () => {
    const key = (number: number): GuardedKey => ({ hint: 1n, id: idOf(number), bytes: 1 });
    const refusal = check(7).refusalOf(key(7), ORIGIN);
    assert.equal(refusal?.code, 'ITEM_REFUSED');
    assert.equal(refusal?.lasting, true);
    assert.match(refusal!.message, /unrefuse/);
    assert.equal(check(7).refusalOf(key(8), ORIGIN), null);
  });

  it('refuses what a policy refused of the same origin alone, and other peers are asked', () => {
    const refusals = {
      has: () => false,
      hasFrom: (source: string) => source === 'a/b',
      counts: { operator: 0, policy: 1 },
    };
    const { refusalOf } = refusedIdCheck(refusals);
    const key: GuardedKey = { hint: 1n, id: idOf(7), bytes: 1 };
    const { code, lasting } = refusalOf(key, ORIGIN)!;
    assert.deepEqual([code, lasting], ['ITEM_REFUSED', 'peer']);
    assert.equal(refusalOf(key, { ...ORIGIN, publisher: 'c' }), null);
    assert.equal(refusalOf(key, { via: 'fetch', peer: 'a', publisher: null }), null);
    assert.equal(refusalOf(key, { via: 'http', peer: null, publisher: null }), null);
  });

  it('reads no id while nothing is refused: that of an item put here costs a hash', () => {
    const key = {
      hint: 1n,
      bytes: 1,
      get id(): Uint8Array {
        throw new Error('the id is read');
      },
    };
    assert.equal(check().refusalOf(key, ORIGIN), null);
  });
});
