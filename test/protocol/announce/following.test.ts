import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeFrame,
  encodeFrame,
  encodeRecord,
  Sequences,
} from '../../../src/protocol/announce/testing.ts';
import { concatBytes, hexToBytes } from '../../../src/store/index.ts';

const GRACE = 1_000;
const epochOf = (number: number): Uint8Array => new Uint8Array(8).fill(number);

function following() {
  const sequences = new Sequences(GRACE);
  const heard = (numbers: number[], now = 0, { publisher = 'p', from = 'q', epoch = 0 } = {}) => {
    for (const sequence of numbers) {
      sequences.seen(publisher, from, { epoch: epochOf(epoch), sequence }, now);
    }
  };
  const gaps = (now: number): string[] =>
    sequences.due(now).map(({ publisher, from }) => `${publisher} by ${from}`);
  return { sequences, heard, gaps };
}

describe('Sequences', () => {
  it('report each missing number at its own time, gap after gap', () => {
    const { sequences, heard, gaps } = following();
    heard([0, 2], 0);
    heard([4], 500);
    assert.deepEqual(gaps(999), []);
    assert.deepEqual(gaps(1_000), ['p by q']);
    assert.equal(sequences.waiting, true, 'the second number may still come');
    assert.deepEqual(gaps(1_499), []);
    assert.deepEqual(gaps(1_500), ['p by q']);
    assert.equal(sequences.waiting, false);
    heard([6], 2_000);
    assert.deepEqual(gaps(3_000), ['p by q']);
    assert.deepEqual(gaps(9_000), []);
  });

  it('accept a late number, and no other in its place', () => {
    const { sequences, heard, gaps } = following();
    heard([0, 3], 0);
    heard([1, 1, 0, 3], 10);
    assert.equal(sequences.waiting, true, 'one of the two is missing still');
    heard([2], 20);
    assert.equal(sequences.waiting, false);
    heard([4], 30);
    assert.equal(sequences.waiting, false, 'an old number moves nothing back');
    assert.deepEqual(gaps(GRACE * 9), []);
  });

  it('name the peer that delivered the last frame, also an old frame', () => {
    const { heard, gaps } = following();
    heard([0, 2], 0, { from: 'x' });
    heard([0], 0, { from: 'y' });
    assert.deepEqual(gaps(GRACE), ['p by y']);
  });

  it('wait for 64 numbers at a time, and report one more as a gap at once', () => {
    const whole = following();
    whole.heard([0, 65]);
    assert.deepEqual(whole.gaps(0), []);
    assert.deepEqual(whole.gaps(GRACE), ['p by q']);
    for (const numbers of [
      [0, 66],
      [0, 33, 67],
    ]) {
      const over = following();
      over.heard(numbers);
      assert.equal(over.sequences.waiting, true);
      assert.deepEqual(over.gaps(0), ['p by q']);
      assert.deepEqual(over.gaps(0), [], 'told once');
      over.heard([numbers.at(-1)! + 1]);
      assert.deepEqual(over.gaps(0), [], 'the next number is no gap');
    }
    const half = following();
    half.heard([0, 33, 66]);
    assert.deepEqual(half.gaps(0), []);
  });

  it('begin at 0 with each start of a publisher, and forget its earlier numbers', () => {
    const { sequences, heard, gaps } = following();
    heard([7, 9], 0);
    heard([0], 0, { epoch: 1 });
    assert.equal(sequences.waiting, false, 'the numbers of the start before are over');
    heard([2], 0, { epoch: 2 });
    assert.deepEqual(gaps(GRACE), ['p by q'], '0 and 1 were missed');
    heard([0], 0, { epoch: 3 });
    heard([2], 0, { publisher: 'other', epoch: 3 });
    assert.equal(sequences.waiting, false);
  });

  it('follow 1,024 publishers, and forget the publisher that was silent longest', () => {
    const { heard, gaps } = following();
    const names = Array.from({ length: 1_024 }, (_, i) => `p${i}`);
    for (const publisher of names) heard([0, 2], 0, { publisher });
    heard([3], 0, { publisher: 'p0' });
    heard([0], 0, { publisher: 'new' });
    const told = gaps(GRACE);
    assert.equal(told.length, 1_023);
    assert.ok(told.includes('p0 by q'), 'heard of since');
    assert.ok(!told.includes('p1 by q'), 'heard of longest ago');
    assert.ok(told.includes('p2 by q'));
  });
});

describe('announcements: bounds', () => {
  const ID = '11'.repeat(32);
  const HEAD = '01010203040506070800';
  const frame = (hex: string): Uint8Array => hexToBytes(hex);
  const limits = { maxFrameBytes: 1 << 16, maxRecords: 2 };

  it('are accepted at their limits, and refused past them', () => {
    const number = { epoch: epochOf(1), sequence: 2 ** 35 - 1 };
    const records = [1, 2, 3].map((n) =>
      encodeRecord({ hint: 1n, id: new Uint8Array(32).fill(n), length: 9 }),
    );
    const two = encodeFrame('keys', number, records.slice(0, 2));
    const exact = { maxFrameBytes: two.length, maxRecords: 2 };
    const read = decodeFrame(two, exact);
    assert.deepEqual([read.sequence, read.kind === 'keys' && read.keys.length], [2 ** 35 - 1, 2]);
    const short = { ...exact, maxFrameBytes: two.length - 1 };
    assert.throws(() => decodeFrame(two, short), { code: 'FRAME_TOO_LARGE' });
    const three = encodeFrame('keys', number, records);
    assert.throws(() => decodeFrame(three, limits), { code: 'BUDGET_SPENT' });
  });

  it('have any hint but the reserved one, and payloads that are whole', () => {
    const highest = decodeFrame(frame(`${HEAD}fffffffffffffffe${ID}00`), limits);
    assert.equal(highest.kind === 'items' && highest.items[0]!.hint, 2n ** 64n - 2n);
    const refused = (hex: string) =>
      assert.throws(() => decodeFrame(frame(hex), limits), { code: 'MALFORMED_FRAME' }, hex);
    refused(`${HEAD}ffffffffffffffff${ID}00`);
    refused(`${HEAD}0000000000000001${ID}02aa`);
    const whole = decodeFrame(frame(`${HEAD}0000000000000001${ID}02aabb`), limits);
    assert.deepEqual(whole.kind === 'items' && whole.items[0]!.payload, frame('aabb'));
    const keys = HEAD.replace(/^01/, '02');
    refused(`${keys}0000000000000001${ID}00`);
    refused(`${keys}0000000000000001${ID}050000000000000001${ID}06`);
    const key = decodeFrame(frame(`${keys}0000000000000001${ID}01`), limits);
    assert.equal(key.kind === 'keys' && key.keys[0]!.length, 1);
  });

  it('refuse messages of an unknown kind by their first byte', () => {
    assert.throws(() => decodeFrame(frame('0700'), limits), { message: /not 7$/ });
    assert.throws(() => decodeFrame(new Uint8Array(0), limits), { message: /not nothing$/ });
  });

  it('are read wherever they lie in memory', () => {
    const bytes = frame(`${HEAD}0000000000000107${ID}01aa`);
    const moved = concatBytes(new Uint8Array(13), bytes).subarray(13);
    const read = decodeFrame(moved, limits);
    assert.equal(read.kind === 'items' && read.items[0]!.hint, 0x107n);
  });
});
