import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BUCKETS,
  blockOf,
  codingKernel,
  codingReference,
  symbolsThrough,
} from '../../../src/store/coding/index.ts';
import { sipHash13 } from '../../../src/store/coding/siphash.ts';
import { assertProperty } from '../../support/property.ts';
import { SeededRandom } from '../../support/random.ts';

const random = new SeededRandom('coding');
const ids = random.bytes(32 * 1_300);
const key = random.bytes(16);

function shortsOf(coding: typeof codingReference, bytes: Uint8Array): Uint32Array {
  const shorts = new Uint32Array(bytes.length / 16);
  coding.shortIds(key, bytes, shorts, 0);
  return shorts;
}

describe('coding', () => {
  it('blocks double: 1 symbol, 2, 4, ...', () => {
    assert.deepEqual([0, 1, 2, 3, 6, 7, 4094].map(blockOf), [0, 1, 1, 2, 2, 3, 11]);
    assert.deepEqual([0, 1, 2, 11].map(symbolsThrough), [1, 3, 7, 4095]);
  });

  it('SipHash-1-3 gives the value other implementations give', () => {
    // CPython 3.11 with PYTHONHASHSEED=0, whose key is all zeros: hash(bytes(range(32))).
    const message = Uint8Array.from({ length: 32 }, (_, i) => i);
    assert.equal(sipHash13(new Uint8Array(16), message), 0x31ef8061c910629bn);
  });

  it('the kernel does what the reference does', { skip: codingKernel === null }, () => {
    const cases = fc.record({
      begin: fc.nat({ max: 700 }),
      count: fc.nat({ max: 600 }),
      first: fc.nat({ max: 6 }),
      more: fc.nat({ max: 5 }),
    });
    const shorts = shortsOf(codingReference, ids);
    assert.deepEqual(shortsOf(codingKernel!, ids), shorts);
    assertProperty(
      fc.property(cases, ({ begin, count, first, more }) => {
        const range = { begin, end: begin + count, first, last: first + more };
        const made = [codingReference, codingKernel!].map((coding) => {
          const cells = new Uint32Array(2 * symbolsThrough(range.last)).fill(7);
          const buckets = new Int32Array(BUCKETS).fill(-3);
          coding.toggle(cells, shorts, range);
          coding.weigh(buckets, shorts, range.begin, range.end);
          return { cells, buckets };
        });
        assert.deepEqual(made[1], made[0]);
      }),
      { numRuns: 60 },
    );
  });
});
