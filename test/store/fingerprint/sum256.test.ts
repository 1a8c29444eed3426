import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { sum256 } from '../../../src/store/fingerprint/index.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../../../src/store/index.ts';
import { kernel } from '../../../src/store/kernel/index.ts';
import { assertProperty } from '../../support/property.ts';

const MODULUS = 2n ** 256n;

describe('sum256', () => {
  it('agrees with the fingerprints of the reference', () => {
    const cases: [Uint8Array[], string][] = [
      [[], '7f9c9e31ac8256ca2f258583df262dbc'],
      [[new Uint8Array(32).fill(0xee)], 'd5530eded759c1cb5749aacb9bc66bb2'],
      [
        [hexToBytes(`01${'00'.repeat(31)}`), new Uint8Array(32).fill(0xff)],
        '58cc2f44d3a27866874701fbad573da9',
      ],
    ];
    for (const [ids, fingerprint] of cases) {
      const state = sum256.empty();
      sum256.add(state, concatBytes(...ids));
      assert.equal(bytesToHex(sum256.digest(state, ids.length)), fingerprint);
    }
  });

  it('is addition of little-endian integers mod 2^256', () => {
    assertProperty(
      fc.property(integers, integers, (added, removed) => {
        const state = sum256.empty();
        sum256.add(state, concatBytes(...added.map(toBytes)));
        assert.equal(toInteger(state), total(added));
        sum256.subtract(state, concatBytes(...removed.map(toBytes)));
        assert.equal(toInteger(state), modulo(total(added) - total(removed)));
        const other = toBytes(total(removed));
        sum256.combine(state, other);
        assert.equal(toInteger(state), total(added));
        sum256.difference(state, toBytes(total(added)));
        assert.deepEqual(state, sum256.empty());
      }),
    );
  });

  it('hashes by the kernel as by the reference, whatever the length', () => {
    assert(kernel !== null);
    for (let length = 0; length <= 55; length++) {
      const message = new Uint8Array(length).map((_, i) => i * 37 + length);
      kernel.window.fill(0xa5);
      kernel.window.set(message);
      kernel.sha256(length);
      assert.equal(bytesToHex(kernel.hash), bytesToHex(sha256(message)), `${length} bytes`);
    }
  });

  it('hashes the count most significant digit first', () => {
    const digests = [0, 127, 128, 1001, 2 ** 32, 2 ** 53 - 1].map((count) =>
      bytesToHex(sum256.digest(sum256.empty(), count)),
    );
    assert.equal(new Set(digests).size, digests.length);
  });
});

describe('the digest of sum256', () => {
  it('is the half of SHA-256 over the state and the count in digits of seven bits', () => {
    const state = sum256.empty().fill(0xab);
    const digits = (count: bigint): number[] => {
      const low = Number(count & 127n);
      const rest = count >> 7n;
      return rest === 0n ? [low] : [...digits(rest).map((digit) => digit | 128), low];
    };
    for (const count of [0, 1, 127, 128, 16_383, 16_384, 2 ** 32, 2 ** 53 - 1]) {
      const hash = sha256(concatBytes(state, Uint8Array.from(digits(BigInt(count)))));
      assert.equal(bytesToHex(sum256.digest(state, count)), bytesToHex(hash.slice(0, 16)));
    }
  });
});

const edges = fc.constantFrom(0n, 1n, MODULUS - 1n, 2n ** 255n, 0xffffn, 2n ** 16n);
const integer = fc.oneof(edges, fc.bigInt({ min: 0n, max: MODULUS - 1n }));
const integers = fc.array(integer, { maxLength: 20 });

function total(values: readonly bigint[]): bigint {
  return modulo(values.reduce((sum, value) => sum + value, 0n));
}

function modulo(value: bigint): bigint {
  return ((value % MODULUS) + MODULUS) % MODULUS;
}

function toBytes(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0')).reverse();
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes.slice().reverse())}`);
}
