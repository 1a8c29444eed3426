import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lthash, sum256 } from '../../../../src/store/index.ts';
import { CachedSums } from '../../../../src/store/tree/level/testing.ts';

describe('sums over the children of a node', () => {
  it('are those of the first children, behind each child of up to 64 under LtHash', () => {
    for (const length of [1, 2, 63, 64]) {
      const { sums, sumOf } = setUp(lthash, length);
      for (let count = 0; count <= length; count++) {
        assert.equal(sums.nearest(count), count);
        if (count > 0) assert.deepEqual(sums.first(count), sumOf(count));
      }
      assert.ok(sums.bytes >= length * lthash.stateBytes);
    }
  });

  it('stand behind every few children where there are more, and behind the last', () => {
    for (const length of [65, 127, 200, 1_000]) {
      const { sums, sumOf } = setUp(lthash, length);
      for (let count = 0; count <= length; count++) {
        const near = sums.nearest(count);
        const stride = Math.ceil(length / 64);
        assert.ok(Math.abs(near - count) <= stride / 2, `${near} of ${length} for ${count}`);
        if (near > 0) assert.deepEqual(sums.first(near), sumOf(near));
      }
      assert.equal(sums.nearest(length), length);
      assert.ok(sums.bytes < 160 * 1024, `${sums.bytes} bytes`);
    }
  });

  it('show one part of each state', () => {
    const { sums, sumOf } = setUp(sum256, 5);
    assert.deepEqual(sums.part(8, 16).first(3), sumOf(3).subarray(8, 16));
    assert.equal(sums.part(8, 16).nearest(5), 5);
  });
});

function setUp(scheme: typeof lthash, length: number) {
  const summaries = Array.from({ length }, (_, i) =>
    Uint8Array.from({ length: scheme.stateBytes }, (_, at) => i + at),
  );
  const sumOf = (count: number) => {
    const state = scheme.empty();
    for (const summary of summaries.slice(0, count)) scheme.combine(state, summary);
    return state;
  };
  return { sums: CachedSums.of(scheme, summaries), sumOf };
}
