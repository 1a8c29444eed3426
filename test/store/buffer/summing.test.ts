import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WriteBuffer } from '../../../src/store/buffer/index.ts';
import { equalBytes, type ItemKey } from '../../../src/store/index.ts';
import { runOf } from '../../../src/store/tree/index.ts';
import { countingScheme } from '../../support/counting-scheme.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** Keys in one group of the small shape. */
const GROUP = 4;

describe('summing in a write buffer', () => {
  it('counts the unsummed ids, which become fewer after a full round', () => {
    const { buffer: full } = filled(6 * GROUP);
    let buffer = full;
    assert.equal(buffer.unsummed, 24);
    const seen = [1, 2, 3].map(() => {
      buffer = buffer.sumSome();
      return buffer.unsummed;
    });
    assert.deepEqual(seen, [24, 24, 0], 'two groups at a time, and six are through after three');
    buffer = buffer.insert([key(100)]);
    assert.equal(buffer.unsummed, 1, 'what comes later counts');
    assert.equal(full.unsummed, 24, 'the buffer before it is as it was');
  });

  it('sums two groups at a time, and a fingerprint then sums only the others', () => {
    const { buffer, asked } = filled(6 * GROUP);
    const costs: number[] = [];
    let next = buffer;
    for (let i = 0; i < 3; i++) {
      costs.push(asked(() => (next = next.sumSome())));
    }
    assert.deepEqual(costs, [8, 8, 8]);
    assert.equal(
      asked(() => next.fingerprint(0, next.size)),
      0,
    );
    assert.equal(next.unsummed, 0);
  });

  it('starts another round for ids that arrived during the round or were pending before it', () => {
    let { buffer } = filled(5 * GROUP, { tailKeys: 10, dueKeys: 4 });
    buffer = buffer.insert([key(101), key(102), key(103)]);
    buffer = buffer
      .sumSome()
      .insert([key(104)])
      .sumSome()
      .insert([key(105)]);
    assert.equal(buffer.unsummed, 25, 'one group is still to be summed');
    buffer = buffer.sumSome();
    assert.equal(buffer.unsummed, 5);
    // The five of the first round wait, and so count until a round begins when they do not.
    for (let i = 0; i < 3; i++) buffer = buffer.sumSome();
    assert.equal(buffer.unsummed, 5);
    buffer.keys(0, buffer.size);
    for (let i = 0; i < 4; i++) buffer = buffer.sumSome();
    assert.equal(buffer.unsummed, 0);
  });

  it('counts those that are due among those that wait', () => {
    let { buffer } = filled(GROUP, { tailKeys: 5, dueKeys: 2 });
    // The tail of five has become due, and a piece of two is worked in.
    for (const number of [101, 102, 103, 104, 105, 106]) buffer = buffer.insert([key(number)]);
    buffer = buffer.sumSome();
    assert.equal(buffer.unsummed, 4, 'three due, one in the tail');
  });

  it('never counts more ids than the buffer holds', () => {
    const { buffer } = filled(2 * GROUP);
    const { rest } = buffer.take(null, 6);
    assert.equal(rest.unsummed, 2);
  });

  it('can be done step by step, a group at a time, with all pending keys', () => {
    const { buffer, asked } = filled(3 * GROUP, { tailKeys: 10 });
    const more = buffer.insert([key(200), key(201)]);
    const steps = more.sumSteps();
    const costs: number[] = [];
    for (let done = false; !done; ) costs.push(asked(() => (done = steps.next().done === true)));
    assert.deepEqual(costs, [0, 4, 4, 4, 2, 0]);
    assert.equal(
      asked(() => more.fingerprint(0, more.size)),
      0,
    );
  });

  it('works pending keys in a piece at a time, also if a query comes between two steps', () => {
    const { buffer, asked } = filled(GROUP, { tailKeys: 10 });
    const keys = [200, 201, 202, 203, 204].map(key);
    for (const queried of [false, true]) {
      const more = buffer.insert(keys);
      const steps = more.sumSteps();
      steps.next();
      if (queried) assert.equal(more.lowerBound(keys[4]!), GROUP + 4);
      const costs: number[] = [];
      for (let done = false; !done; ) costs.push(asked(() => (done = steps.next().done === true)));
      const pieces = costs.findIndex((cost) => cost > 0);
      assert.equal(pieces, queried ? 0 : 2, 'two, two and one');
      assert.deepEqual([...more.keys(GROUP, more.size)], keys);
    }
  });

  it('sums sixteen leaves of a large group at a time', () => {
    const { buffer, asked } = filled(80, { groupChunks: 64 });
    const steps = buffer.sumSteps();
    const costs: number[] = [];
    for (let done = false; !done; ) costs.push(asked(() => (done = steps.next().done === true)));
    assert.deepEqual(costs, [32, 32, 16, 0]);
  });

  it('counts all initial ids, and no id for an empty insert', () => {
    const { scheme } = countingScheme(wideSum);
    const buffer = WriteBuffer.of({ scheme }, runOf([1, 2, 3].map(key)));
    assert.equal(buffer.unsummed, 3);
    assert.equal(buffer.insert([]), buffer);
    assert.equal(WriteBuffer.empty({ scheme }).unsummed, 0);
  });

  it('gives the state of any part of it', () => {
    const { buffer } = filled(3 * GROUP);
    for (const [begin, end] of [
      [0, 12],
      [0, 11],
      [1, 12],
      [5, 5],
      [3, 9],
    ] as const) {
      const state = wideSum.empty();
      wideSum.add(state, buffer.ids(begin, end));
      assert.ok(equalBytes(buffer.fingerprint(begin, end), state), `[${begin}, ${end})`);
    }
  });
});

/** A buffer of full groups, which came in one large batch, and a counter of ids summed. */
function filled(
  count: number,
  { tailKeys = 1, dueKeys = 2, groupChunks = 2 } = {},
): { buffer: WriteBuffer; asked: (work: () => void) => number } {
  const { scheme, ids } = countingScheme(wideSum);
  const init = { scheme, chunkItems: 2, groupChunks, tailKeys, dueKeys };
  const keys = Array.from({ length: count }, (_, i) => key(i));
  const empty = WriteBuffer.empty(init);
  const buffer = empty.insert(keys);
  buffer.keys(0, count);
  return {
    buffer,
    asked: (work) => {
      const before = ids();
      work();
      return ids() - before;
    },
  };
}

function key(number: number): ItemKey {
  return { hint: BigInt(number), id: new Uint8Array(32).fill(number) };
}
