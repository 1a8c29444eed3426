import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { generateKeyPair, publicKeyFromRaw } from '@libp2p/crypto/keys';
import { cheapSignatures } from '../../../../src/daemon/mesh/libp2p-patches/index.ts';

const MESSAGE = new TextEncoder().encode('an announcement');

describe('signatures checked with kept keys', () => {
  before(async () => cheapSignatures((await generateKeyPair('Ed25519')).publicKey));

  it('accept what the key has signed, also by another object of the same key', async () => {
    const key = await generateKeyPair('Ed25519');
    const { publicKey } = key;
    const signature = await key.sign(MESSAGE);
    assert.equal(await publicKey.verify(MESSAGE, signature), true);
    assert.equal(await publicKeyFromRaw(publicKey.raw).verify(MESSAGE, signature), true);
  });

  it('reject another message, another key, and invalid signatures', async () => {
    const own = await generateKeyPair('Ed25519');
    const other = await generateKeyPair('Ed25519');
    const signature = await own.sign(MESSAGE);
    assert.equal(await own.publicKey.verify(MESSAGE.subarray(1), signature), false);
    assert.equal(await other.publicKey.verify(MESSAGE, signature), false);
    for (let byte = 0; byte < signature.length; byte++) {
      const changed = signature.slice();
      changed[byte]! ^= 1;
      assert.equal(await own.publicKey.verify(MESSAGE, changed), false, `byte ${byte}`);
    }
    for (const bytes of [0, 63, 65]) {
      const cut = new Uint8Array(bytes);
      assert.equal(await own.publicKey.verify(MESSAGE, cut), false, `${bytes} bytes`);
    }
  });

  it('work with more authors than the cache holds', async () => {
    const first = await generateKeyPair('Ed25519');
    const signature = await first.sign(MESSAGE);
    for (let i = 0; i < 1_100; i++) {
      const raw = Uint8Array.from(first.publicKey.raw);
      new DataView(raw.buffer).setUint32(4, i);
      assert.equal(await publicKeyFromRaw(raw).verify(MESSAGE, signature), false);
    }
    assert.equal(await first.publicKey.verify(MESSAGE, signature), true);
  });

  it('end when they are aborted', async () => {
    const key = await generateKeyPair('Ed25519');
    const { publicKey } = key;
    const signature = await key.sign(MESSAGE);
    const signal = AbortSignal.abort(new Error('called off'));
    assert.throws(() => publicKey.verify(MESSAGE, signature, { signal }), /called off/);
  });
});
