import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BUCKETS,
  blockOf,
  checkOf,
  codingKernel,
  codingReference,
  type ShortIdForm,
  symbolsThrough,
} from '../../../src/store/coding/index.ts';
import { lowOf, sipHash13 } from '../../../src/store/coding/testing.ts';
import { assertProperty } from '../../support/property.ts';
import { SeededRandom } from '../../support/random.ts';

const random = new SeededRandom('coding');
const ids = random.bytes(32 * 1_300);
const key = random.bytes(16);

function shortsOf(
  coding: typeof codingReference,
  bytes: Uint8Array,
  form: ShortIdForm = 'hash',
): Uint32Array {
  const shorts = new Uint32Array(bytes.length / 16);
  coding.shortIds(key, bytes, shorts, 0, form);
  return shorts;
}

describe('coding', () => {
  it('doubles its blocks: 1 symbol, 2, 4, ...', () => {
    assert.deepEqual([0, 1, 2, 3, 6, 7, 4094].map(blockOf), [0, 1, 1, 2, 2, 3, 11]);
    assert.deepEqual([0, 1, 2, 11].map(symbolsThrough), [1, 3, 7, 4095]);
  });

  it('computes SipHash-1-3 as other implementations do', () => {
    // CPython 3.11 with PYTHONHASHSEED=0, whose key is all zeros: hash(bytes(range(32))).
    const message = Uint8Array.from({ length: 32 }, (_, i) => i);
    assert.equal(sipHash13(new Uint8Array(16), message), 0x31ef8061c910629bn);
  });

  it('writes short ids from the given place on, and nowhere else', () => {
    for (const coding of [codingReference, codingKernel ?? codingReference]) {
      const whole = shortsOf(coding, ids);
      for (const [at, count] of [[0, 3] as const, [1, 1] as const, [5, 513] as const]) {
        const into = new Uint32Array(2 * (at + count + 1)).fill(77);
        coding.shortIds(key, ids.subarray(0, 32 * count), into, at, 'hash');
        const around = [...into.subarray(0, 2 * at), ...into.subarray(2 * (at + count))];
        assert.ok(
          around.every((word) => word === 77),
          `${count} from ${at} on`,
        );
        assert.deepEqual(into.slice(2 * at, 2 * (at + count)), whole.slice(0, 2 * count));
      }
    }
  });

  it('derives a short id from the SipHash of the id, with 16 check bits', () => {
    const shorts = shortsOf(codingReference, ids.subarray(0, 64));
    for (const i of [0, 1]) {
      const hash = sipHash13(key, ids.subarray(32 * i, 32 * i + 32));
      const [low, high] = [shorts[2 * i]!, shorts[2 * i + 1]!];
      assert.equal(BigInt(high), hash >> 32n);
      assert.equal(low >>> 16, Number((hash >> 16n) & 0xffffn));
      assert.equal(low & 0xffff, checkOf(high, low >>> 16));
    }
  });

  it('hides the first four bytes of an id in the high word of the other forms', () => {
    const first = new DataView(ids.buffer, ids.byteOffset).getUint32(0, true);
    const rest = ids.slice(0, 32).fill(0, 0, 4);
    const hash = sipHash13(key, rest);
    const high = (Number(hash >> 32n) ^ first) >>> 0;
    for (const form of ['wide', 'narrow'] as const) {
      const [low, found] = shortsOf(codingReference, ids.subarray(0, 32), form);
      assert.equal(found, high);
      const middle = form === 'narrow' ? high & 0xffff : Number((hash >> 16n) & 0xffffn);
      assert.deepEqual([low! >>> 16, low! & 0xffff], [middle, checkOf(high, middle)]);
      assert.equal(lowOf(high, Number(hash & 0xffff_ffffn), form), low);
    }
  });

  it('makes the same short ids of each form by the kernel', () => {
    for (const form of ['hash', 'wide', 'narrow'] as const) {
      const [a, b] = [codingReference, codingKernel ?? codingReference].map((coding) =>
        Buffer.from(shortsOf(coding, ids, form).buffer),
      );
      assert.ok(a!.equals(b!), form);
    }
  });

  it('cancels an id that is toggled twice, in each block of the given range', () => {
    const shorts = shortsOf(codingReference, ids.subarray(0, 32 * 200));
    const blocks = { first: 2, last: 5 };
    const cells = new Uint32Array(2 * symbolsThrough(6));
    codingReference.toggle(cells, shorts, { begin: 0, end: 200, ...blocks });
    const used = [0, 1, 2, 3, 4, 5, 6].filter((block) => {
      const begin = 2 * (2 ** block - 1);
      return cells.subarray(begin, 2 * begin + 2).some((word) => word !== 0);
    });
    assert.deepEqual(used, [2, 3, 4, 5]);
    codingReference.toggle(cells, shorts, { begin: 0, end: 100, ...blocks });
    codingReference.toggle(cells, shorts, { begin: 100, end: 200, ...blocks });
    assert.ok(cells.every((word) => word === 0));
  });

  it('computes the same in the kernel as in the reference', { skip: codingKernel === null }, () => {
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
