import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Holds } from '../../../src/protocol/announce/testing.ts';
import type { Knows } from '../../../src/protocol/index.ts';
import type { ItemKey } from '../../../src/store/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

const id = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const keys = (...numbers: number[]): ItemKey[] =>
  numbers.map((number) => ({ hint: 0n, id: id(number) }));

function holding(maxHeld: number, knows?: Knows) {
  const clock = new VirtualClock();
  const holds = new Holds({ clock, holdMs: 1_000, maxHeld, ...(knows !== undefined && { knows }) });
  /** What became of each message, in order; undefined while it is held. */
  const ends: (boolean | undefined)[] = [];
  const hold = (from: string, ...numbers: number[]): void => {
    const at = ends.push(undefined) - 1;
    void holds.until(keys(...numbers), from).then((here) => {
      ends[at] = here;
    });
  };
  const stored = async (...numbers: number[]): Promise<void> => {
    holds.stored(keys(...numbers));
    await settle();
  };
  return { clock, holds, ends, hold, stored };
}

describe('Holds: places', () => {
  it('are used up at the limit, for every peer', () => {
    const { holds, hold } = holding(4);
    for (const [i, from] of ['a', 'b', 'c'].entries()) hold(from, i);
    assert.equal(holds.full('d'), false, '3 of 4');
    hold('d', 3);
    assert.equal(holds.full('e'), true, '4 of 4');
  });

  it('are kept for known peers, a quarter of them', async () => {
    const { clock, holds, hold } = holding(8, (peer) => peer === 'friend');
    for (const [i, from] of ['a', 'b', 'c', 'a', 'b', 'c'].entries()) {
      assert.equal(holds.full(from), false, `${i} of 6`);
      hold(from, i);
    }
    assert.equal(holds.full('d'), true, '6 of 8');
    for (const number of [6, 7]) {
      assert.equal(holds.full('friend'), false);
      hold('friend', number);
    }
    assert.equal(holds.full('friend'), true, '8 of 8');
    await clock.advance(1_000);
    assert.equal(holds.full('d'), false);
  });

  it('go to one peer up to half of them, rounded up', () => {
    for (const [max, share] of [
      [4, 2],
      [5, 3],
      [1, 1],
    ] as const) {
      const { holds, hold } = holding(max);
      for (let i = 0; i < share; i++) {
        assert.equal(holds.full('a'), false, `${i} of ${max}`);
        hold('a', i);
      }
      assert.equal(holds.full('a'), true, `${share} of ${max}`);
      assert.equal(holds.full('b'), max === share, 'another peer has places left');
    }
    assert.equal(holding(0).holds.full('a'), true, 'there are none at all');
  });

  it('are freed when the items arrive, time after time', async () => {
    const { clock, holds, hold, stored, ends } = holding(2);
    for (const round of [1, 2, 3]) {
      hold('a', 1, 2);
      assert.equal(holds.full('a'), true, `round ${round}`);
      await stored(1, 2);
      assert.equal(ends.at(-1), true);
      assert.equal(holds.full('a'), false, `a message whose items came keeps its place`);
      assert.equal(clock.pending, 0, 'its timer is gone');
    }
  });

  it('are freed when the items do not arrive, time after time', async () => {
    const { clock, holds, hold, ends } = holding(2);
    for (const round of [1, 2, 3]) {
      hold('a', 1);
      await clock.advance(999);
      assert.equal(ends.at(-1), undefined);
      assert.equal(holds.full('a'), true, `round ${round}, a millisecond early`);
      await clock.advance(1);
      assert.equal(ends.at(-1), false);
      assert.equal(holds.full('a'), false, 'a message whose time is over keeps its place');
    }
  });

  it('are freed by a stop, and can be used after it', async () => {
    const { clock, holds, hold, stored, ends } = holding(2);
    for (const round of [1, 2]) {
      hold('a', 1);
      hold('b', 1, 2);
      holds.stop();
      await settle();
      assert.deepEqual(ends.splice(0), [false, false], `round ${round}`);
      assert.equal(holds.full('c'), false);
      assert.equal(clock.pending, 0, 'no timer is left');
    }
    hold('a', 1);
    await stored(1);
    assert.deepEqual(ends, [true]);
  });
});

describe('Holds: messages', () => {
  it('wait until all their items are stored, in any order and from any source', async () => {
    const { hold, stored, ends } = holding(8);
    hold('a', 1, 2, 3);
    await stored(3, 9);
    await stored(1, 1);
    await stored(3);
    assert.deepEqual(ends, [undefined]);
    await stored(2);
    assert.deepEqual(ends, [true]);
  });

  it('wait for the same items side by side, each for its own', async () => {
    const { hold, stored, ends } = holding(8);
    hold('a', 1, 2);
    hold('b', 1);
    hold('c', 2, 3);
    await stored(1);
    assert.deepEqual(ends, [undefined, true, undefined]);
    hold('d', 1);
    await stored(2);
    assert.deepEqual(ends, [true, true, undefined, undefined]);
    await stored(1, 3);
    assert.deepEqual(ends, [true, true, true, true]);
  });

  it('that expire leave other messages for the same items waiting', async () => {
    const { clock, hold, stored, ends } = holding(8);
    hold('a', 1, 2);
    await clock.advance(500);
    hold('b', 1, 2);
    await clock.advance(500);
    assert.deepEqual(ends, [false, undefined]);
    await stored(1, 2);
    assert.deepEqual(ends, [false, true]);
  });
});
