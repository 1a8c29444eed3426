import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { blake3Kernel, blake3Reference as reference } from '../../../src/store/kernel/testing.ts';
import { assertProperty } from '../../support/property.ts';

assert(blake3Kernel !== null, 'the supported runtimes all have WebAssembly SIMD');
const kernel = blake3Kernel;

const CONTEXT = 'rangemesh item v1';
const deriveByKernel = kernel.deriveKey(CONTEXT);
const deriveByReference = reference.deriveKey(CONTEXT);
const KEY = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const MESSAGE = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);

/** Around the edges of blocks, chunks, groups of four chunks, subtrees and the kernel's window. */
const LENGTHS = [0, 1, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 1087, 1088, 2047, 2048, 2049]
  .concat([3071, 3072, 3073, 4095, 4096, 4097, 5119, 5120, 5121, 6144, 7168, 7169, 8191, 8192])
  .concat([8193, 12_288, 15_360, 16_383, 16_384, 16_385, 17_408, 20_000, 31_744, 32_768, 32_769])
  .concat([49_152, 49_153, 65_536, 70_000]);

describe('blake3 kernel against the reference', () => {
  it('agrees with the published test vectors', () => {
    const empty = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';
    const long = '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47';
    assert.equal(hex(kernel.hash()), empty);
    assert.equal(hex(kernel.hash(MESSAGE.subarray(0, 31_744))), long);
  });

  it('agrees in every mode at every edge', () => {
    for (const length of LENGTHS) {
      const message = MESSAGE.subarray(0, length);
      assert.deepEqual(kernel.hash(message), reference.hash(message), `hash of ${length}`);
      assert.deepEqual(
        kernel.keyedHash(KEY, message),
        reference.keyedHash(KEY, message),
        `${length}`,
      );
      assert.deepEqual(deriveByKernel(message), deriveByReference(message), `derived of ${length}`);
    }
  });

  it('agrees on random messages up to 20,000 bytes, however they are cut', () => {
    const cut = fc.integer({ min: 0, max: 20_000 });
    assertProperty(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 5 }), cut, (cuts, from) => {
        const edges = [0, ...cuts.sort((a, b) => a - b)];
        const parts = cuts.map((end, i) => MESSAGE.subarray(from + edges[i]!, from + end));
        const whole = MESSAGE.subarray(from, from + edges.at(-1)!);
        assert.deepEqual(kernel.hash(...parts), reference.hash(whole));
        assert.deepEqual(deriveByKernel(...parts), deriveByReference(whole));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps nothing from one hash to the next', () => {
    const first = deriveByKernel(KEY);
    kernel.keyedHash(KEY, MESSAGE);
    assert.deepEqual(deriveByKernel(KEY), first);
    assert.deepEqual(
      kernel.deriveKey('another context')(KEY),
      reference.deriveKey('another context')(KEY),
    );
  });

  it('refuses a key that has not 32 bytes', () => {
    assert.throws(() => kernel.keyedHash(new Uint8Array(31)), RangeError);
    assert.throws(() => reference.keyedHash(new Uint8Array(31)), RangeError);
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
