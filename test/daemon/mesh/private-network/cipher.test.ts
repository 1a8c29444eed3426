import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cipher } from '../../../../src/daemon/mesh/private-network/testing.ts';

describe('a cipher', () => {
  const [nonce, key] = [new Uint8Array(24).fill(1), new Uint8Array(32).fill(2)];

  it('gives the same bytes whatever the pieces', () => {
    const plain = new Uint8Array(100_000).map((_, i) => i);
    const whole = new Cipher(nonce, key).apply(plain);
    const [cut, back] = [new Cipher(nonce, key), new Cipher(nonce, key)];
    for (let from = 0; from < plain.length; from += 9_973) {
      const piece = plain.subarray(from, from + 9_973);
      const out = cut.apply(piece);
      assert.equal(Buffer.compare(out, whole.subarray(from, from + out.length)), 0);
      assert.equal(Buffer.compare(back.apply(out), piece), 0);
    }
  });

  it('goes on beside others, however much they take and however many have ended', () => {
    for (let i = 0; i < 12_000; i++) new Cipher(nonce, key).end();
    const [a, b] = [new Cipher(nonce, key), new Cipher(nonce, key)];
    const much = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 60; i++) {
      assert.equal(a.apply(much).length, much.length);
      assert.equal(b.apply(much.subarray(0, 100)).length, 100);
    }
  });

  it('gives nothing after its end', () => {
    const cipher = new Cipher(nonce, key);
    cipher.end();
    cipher.end();
    assert.equal(cipher.apply(key).length, 0);
  });
});
