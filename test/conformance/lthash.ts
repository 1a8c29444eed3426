import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { blake3 } from '@noble/hashes/blake3.js';
import { expand, LTHASH_BYTES } from '../../src/store/fingerprint/testing.ts';
import {
  bytesToHex,
  concatBytes,
  type FingerprintScheme,
  hexToBytes,
} from '../../src/store/index.ts';

const path = new URL('../vectors/commonware.json', import.meta.url);
const { lthash: section } = JSON.parse(await readFile(path, 'utf8'));

interface Case {
  readonly name: string;
  readonly checksum: string;
  readonly added_hex?: string[] | null;
  readonly state_codec_be_blake3?: string;
  readonly state_codec_be_first32?: string;
}

/** What every implementation of LtHash must do, by the vectors of the Rust reference. */
export function lthashSuite(name: string, scheme: FingerprintScheme): void {
  const { sum, stateOf } = builders(scheme);

  describe(name, () => {
    for (const vector of section.cases as Case[]) {
      it(`reference vector: ${vector.name}`, () => {
        const state = stateOf(vector);
        assert.equal(bytesToHex(scheme.digest(state, 0)), vector.checksum);
        if (vector.state_codec_be_blake3 === undefined) return;
        const wire = swapLanes(state);
        assert.equal(bytesToHex(blake3(wire)), vector.state_codec_be_blake3);
        assert.equal(bytesToHex(wire.subarray(0, 32)), vector.state_codec_be_first32);
      });
    }

    it('expands an id like the reference', () => {
      const stream = blake3(text('hello'), { dkLen: LTHASH_BYTES });
      assert.equal(bytesToHex(stream.subarray(0, 64)), section.xof_hello_first64);
      assert.equal(bytesToHex(stream.subarray(-32)), section.xof_hello_last32);
      assert.deepEqual([...expand(text('hello')).subarray(0, 4)], section.xof_hello_lanes_0_to_3);
    });

    it('changes a state that lies at an odd offset', () => {
      const ids = [named('c', 1), named('c', 2), named('c', 3)] as const;
      const odd = new Uint8Array(LTHASH_BYTES + 1).subarray(1);
      const other = new Uint8Array(LTHASH_BYTES + 3).subarray(3);
      scheme.add(odd, concatBytes(ids[0], ids[1]));
      scheme.subtract(odd, ids[0]);
      scheme.add(other, ids[2]);
      scheme.combine(odd, other);
      assert.deepEqual(odd.slice(), sum(ids[1], ids[2]));
      scheme.difference(odd, other);
      assert.deepEqual(odd.slice(), sum(ids[1]));
    });

    it('refuses a state of another length', () => {
      assert.throws(() => scheme.combine(scheme.empty(), new Uint8Array(32)), RangeError);
      assert.throws(() => scheme.add(new Uint8Array(2050), new Uint8Array(32)), RangeError);
    });
  });
}

function builders(scheme: FingerprintScheme) {
  return { sum, stateOf };

  /** The vectors also add strings that are not 32 bytes long, so they go in as expansions. */
  function sum(...messages: Uint8Array[]): Uint8Array {
    const state = scheme.empty();
    for (const message of messages) {
      scheme.combine(state, new Uint8Array(expand(message).buffer));
    }
    return state;
  }

  function minus(state: Uint8Array, ...messages: Uint8Array[]): Uint8Array {
    for (const message of messages) scheme.difference(state, sum(message));
    return state;
  }

  function stateOf(vector: Case): Uint8Array {
    if (Array.isArray(vector.added_hex)) return sum(...vector.added_hex.map(hexToBytes));
    const [a, b, c] = ['a', 'b', 'c'].map(text) as [Uint8Array, Uint8Array, Uint8Array];
    switch (vector.name) {
      case 'empty':
        return scheme.empty();
      case "add id('c',0..100)":
        return sumOfIds(100);
      case "add id('c',0..1000)":
        return sumOfIds(1000);
      case 'add hello, add world, subtract world (== add hello)':
        return minus(sum(text('hello'), text('world')), text('world'));
      case 'subtract hello from zero (wraps)':
        return minus(scheme.empty(), text('hello'));
      case '(a) combine (b,c)': {
        const state = sum(a);
        scheme.combine(state, sum(b, c));
        return state;
      }
      case '(a,b,c) difference (b)':
        return minus(sum(a, b, c), b);
      case "add 'dup' 65536 times (overflow weakness: equals empty)": {
        const state = sum(text('dup'));
        for (let doubling = 0; doubling < 16; doubling++) scheme.combine(state, state.slice());
        return state;
      }
      default:
        throw new Error(`no way known to build the vector ${vector.name}`);
    }
  }

  function sumOfIds(count: number): Uint8Array {
    const state = scheme.empty();
    scheme.add(state, concatBytes(...Array.from({ length: count }, (_, i) => named('c', i))));
    return state;
  }
}

/** id(tag, i) of the vectors: BLAKE3-256(le64(i) || tag). */
function named(tag: string, i: number): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(i), true);
  return blake3(concatBytes(number, text(tag)));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** The reference writes a state's lanes big-endian. */
function swapLanes(state: Uint8Array): Uint8Array {
  const swapped = state.slice();
  for (let at = 0; at < swapped.length; at += 2) swapped.subarray(at, at + 2).reverse();
  return swapped;
}
