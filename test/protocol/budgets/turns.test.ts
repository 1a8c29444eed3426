import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Turns } from '../../../src/protocol/budgets/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

/** `slice` is work that takes so many milliseconds. */
function sharing() {
  const clock = new VirtualClock();
  let now = 0;
  const turns = new Turns({
    clock: { now: () => 0, after: clock.after.bind(clock), monotonic: () => now },
  });
  const did: string[] = [];
  const slice = (name: string, ms: number): void => {
    void turns.run(() => {
      now += ms;
      did.push(name);
    });
  };
  return { clock, turns, did, slice };
}

describe('Turns', () => {
  it('begin no slice once ten milliseconds of a turn are used up, turn after turn, in order', async () => {
    const { clock, did, slice } = sharing();
    slice('a', 6);
    slice('b', 3.9);
    slice('c', 9);
    assert.deepEqual(did, ['a', 'b', 'c']);
    slice('d', 10);
    slice('e', 1);
    await settle();
    assert.equal(did.length, 3, 'I/O comes first');
    await clock.advance(0);
    assert.deepEqual(did, ['a', 'b', 'c', 'd', 'e']);
    slice('f', 0.1);
    assert.equal(did.at(-1), 'f');
    assert.equal(clock.pending, 0, 'an idle scheduler has no timer');
  });

  it('serve I/O between any two full turns', async () => {
    const { clock, did, slice } = sharing();
    let turn = 0;
    const io = (): void => {
      did.push(`io ${++turn}`);
      if (turn < 3) clock.after(0, io);
    };
    for (const name of ['a', 'b', 'c', 'd']) slice(name, 10);
    clock.after(0, io);
    await clock.advance(0);
    assert.deepEqual(did, ['a', 'b', 'io 1', 'c', 'io 2', 'd', 'io 3']);
  });

  it('hand on what the work returns or throws, and continue', async () => {
    const { turns } = sharing();
    assert.equal(await turns.run(() => 7), 7);
    const wrong = turns.run(() => {
      throw new RangeError('wrong');
    });
    await assert.rejects(wrong, RangeError);
    assert.equal(await turns.run(() => 8), 8);
  });
});
