import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type FingerprintScheme,
  itemId,
  lthash,
  MemoryTree,
  SortedVector,
  verifyItem,
} from '../../src/store/index.ts';

/** A value of another type, as a program without types passes it. */
const wrong = <T>(value: unknown): T => value as T;

describe('wrong use of the store', () => {
  it('refuses a scheme that is none', () => {
    for (const scheme of [undefined, null, 'lthash', {}]) {
      for (const Kind of [SortedVector, MemoryTree]) {
        const make = () => new Kind({ scheme: wrong<FingerprintScheme>(scheme) });
        assert.throws(make, { name: 'StoreError', code: 'INVALID_SCHEME' });
      }
    }
  });

  it('refuses text for ids and payloads, and numbers for hints', () => {
    const set = new SortedVector({ scheme: lthash });
    const id = new Uint8Array(32);
    const text = wrong<Uint8Array>('00'.repeat(16));
    assert.throws(() => set.insert([{ hint: 1n, id: text }]), { code: 'INVALID_ID' });
    assert.throws(() => set.insert([{ hint: wrong<bigint>(1), id }]), { code: 'INVALID_HINT' });
    assert.throws(() => itemId(1n, text), { code: 'INVALID_PAYLOAD' });
    assert.throws(() => verifyItem({ hint: 1n, id, payload: text }), { code: 'INVALID_PAYLOAD' });
    assert.equal(set.size, 0);
  });
});
