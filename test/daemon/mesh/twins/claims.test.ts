import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { encodeClaim, meet } from '../../../../src/daemon/mesh/twins/testing.ts';
import { bytesToHex } from '../../../../src/store/index.ts';

const PROTOCOL = '/rangemesh/main/twin/1';

function claim(ageMs: number, run: number, nonce: number): Uint8Array {
  const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);
  return encodeClaim({ ageMs, run: bytes(8, run), nonce: bytes(32, nonce) });
}

describe('the claims of two runs', () => {
  it('and the proof of the older run are those that docs/protocol-twin.md shows', async () => {
    const [young, old] = [claim(5_000, 0x11, 0xaa), claim(86_400_000, 0x22, 0xbb)];
    assert.equal(bytesToHex(young), `0000000000001388${'11'.repeat(8)}${'aa'.repeat(32)}`);
    assert.equal(bytesToHex(old), `0000000005265c00${'22'.repeat(8)}${'bb'.repeat(32)}`);
    const { expected } = meet(PROTOCOL, young, old);
    const signed = 'rangemesh twin proof: /rangemesh/main/twin/1';
    assert.equal(new TextDecoder().decode(expected.subarray(0, signed.length)), signed);
    assert.deepEqual([...expected.subarray(signed.length)], [...old, ...young]);
    const key = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32));
    assert.equal(
      bytesToHex(await key.sign(expected)),
      '9f2598ebdda411de2ac9c8cd6e930cd6a0ef998c64acc4726e0b75c135b6d6a04e5eaffc9f30c34be774e993ba0286f803b40cef97625d4b77cdb79bcc8ee20e',
    );
  });

  it('have both runs sign different statements, and agree on the younger one', () => {
    for (const [one, two, isYounger] of [
      [claim(1, 1, 1), claim(2, 2, 2), true],
      [claim(256, 1, 1), claim(255, 2, 2), false],
      [claim(7, 1, 9), claim(7, 2, 0), true],
    ] as const) {
      const [here, there] = [meet(PROTOCOL, one, two), meet(PROTOCOL, two, one)];
      assert.deepEqual([here.isYounger, there.isYounger], [isYounger, !isYounger]);
      assert.deepEqual([here.statement, here.expected], [there.expected, there.statement]);
      assert.notDeepEqual(here.statement, here.expected);
      assert.notDeepEqual(here.statement, meet('/rangemesh/other/twin/1', one, two).statement);
    }
  });

  it('are refused where one is of the same run or has another length', () => {
    const own = claim(1, 1, 1);
    assert.throws(() => meet(PROTOCOL, own, claim(2, 1, 2)), { code: 'UNEXPECTED_FRAME' });
    for (const length of [0, 47, 49]) {
      const wrong = new Uint8Array(length);
      assert.throws(() => meet(PROTOCOL, own, wrong), { code: 'MALFORMED_FRAME' });
    }
  });
});
