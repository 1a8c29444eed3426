import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guardOf, type ItemOrigin, roleCheck } from '../../../src/daemon/guard/index.ts';

const KEY = { hint: 1n, id: new Uint8Array(32), bytes: 1 };

describe('the check of roles', () => {
  it('refuses what readers fetch to us or publish, and nothing that they pass on', () => {
    const guard = guardOf([roleCheck({ takesFrom: (peer) => peer !== 'reader' })]);
    const codeOf = (origin: ItemOrigin) => guard.refusalOf(KEY, origin)?.code ?? null;
    assert.equal(codeOf({ via: 'fetch', peer: 'reader', publisher: null }), 'ROLE_READ');
    assert.equal(codeOf({ via: 'fetch', peer: 'friend', publisher: null }), null);
    assert.equal(codeOf({ via: 'push', peer: 'friend', publisher: 'reader' }), 'ROLE_READ');
    assert.equal(codeOf({ via: 'push', peer: 'reader', publisher: 'friend' }), null);
    assert.equal(codeOf({ via: 'http', peer: null, publisher: null }), null);
    assert.deepEqual([guard.takesFrom('reader'), guard.takesFrom('friend')], [false, true]);
  });
});
