import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Sequences } from '../../../src/protocol/announce/testing.ts';
import { assertProperty } from '../../support/property.ts';

const EPOCH = new Uint8Array(8);
const GRACE = 1_000;

function heard(sequences: Sequences, numbers: readonly number[], now = 0, epoch = EPOCH): void {
  for (const sequence of numbers) sequences.seen('p', 'q', { epoch, sequence }, now);
}

describe('sequence numbers of announcements', () => {
  it('may arrive in any order within the grace period', () => {
    const numbers = fc.shuffledSubarray([...Array(60).keys()], { minLength: 60 });
    const property = fc.property(numbers, (order) => {
      const sequences = new Sequences(GRACE);
      heard(sequences, [0, ...order.map((number) => number + 1)]);
      assert.equal(sequences.waiting, false);
      assert.deepEqual(sequences.due(10 * GRACE), []);
    });
    assertProperty(property, { numRuns: 100 });
  });

  it('that are missing form one gap, reported once the grace period ends', () => {
    const sequences = new Sequences(GRACE);
    heard(sequences, [5, 6, 9]);
    assert.equal(sequences.waiting, true);
    assert.deepEqual(sequences.due(GRACE - 1), []);
    assert.deepEqual(sequences.due(GRACE), [{ publisher: 'p', from: 'q' }]);
    assert.deepEqual(sequences.due(2 * GRACE), []);
    assert.equal(sequences.waiting, false);
  });

  it('begin anywhere with a new publisher, and at 0 when a known one starts again', () => {
    const sequences = new Sequences(GRACE);
    heard(sequences, [1_000_000]);
    assert.equal(sequences.waiting, false);
    heard(sequences, [0], 0, new Uint8Array(8).fill(1));
    assert.equal(sequences.waiting, false);
    heard(sequences, [1], 0, new Uint8Array(8).fill(2));
    assert.equal(sequences.waiting, true);
  });

  it('far ahead are reported as a gap at once, at no cost', () => {
    const sequences = new Sequences(GRACE);
    heard(sequences, [0, 2 ** 34]);
    assert.equal(sequences.due(0).length, 1);
    assert.equal(sequences.waiting, false);
  });

  it('are forgotten, the oldest first, when publishers are countless', () => {
    const sequences = new Sequences(GRACE);
    for (let i = 0; i < 2_000; i++) {
      sequences.seen(`p${i}`, 'q', { epoch: EPOCH, sequence: 0 }, 0);
      sequences.seen(`p${i}`, 'q', { epoch: EPOCH, sequence: 2 }, 0);
    }
    assert.equal(sequences.due(GRACE).length, 1_024);
  });
});
