import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Turns, type TurnsInit } from '../../../src/protocol/budgets/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

/** `slice` is work that takes so many milliseconds; `work` passes them outside of any slice. */
function sharing({ allWork = false, ...init }: Partial<TurnsInit> & { allWork?: boolean } = {}) {
  const clock = new VirtualClock();
  let now = 0;
  const work = (ms: number): void => {
    now += ms;
  };
  const turns = new Turns({
    clock: { now: () => 0, after: clock.after.bind(clock), monotonic: () => now },
    ...(allWork && { busyMs: () => now }),
    ...init,
  });
  const did: string[] = [];
  const slice = (name: string, ms: number): void => {
    void turns.run(() => {
      now += ms;
      did.push(name);
    });
  };
  return { clock, turns, did, slice, work };
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

  it('count all work of the thread, and not only slices, where it is known', async () => {
    const slices = sharing();
    slices.work(10);
    slices.slice('a', 1);
    assert.deepEqual(slices.did, ['a']);
    const { clock, did, slice, work } = sharing({ allWork: true });
    work(10);
    slice('a', 1);
    assert.deepEqual(did, [], 'I/O comes first');
    await clock.advance(0);
    assert.deepEqual(did, ['a']);
  });

  it('count what the thread used, and not the time in which other programs had the processor', () => {
    let used = 0;
    const { did, slice, work } = sharing({ busyMs: () => used });
    work(1_000);
    slice('a', 1_000);
    used += 9.9;
    slice('b', 1);
    used += 0.1;
    slice('c', 1);
    assert.deepEqual(did, ['a', 'b']);
  });

  it('are of three milliseconds while clients ask, with rests as long as the thread was busy', async () => {
    let asked = true;
    const { clock, turns, did, slice } = sharing({ clientsAsk: () => asked });
    assert.equal(turns.sliceMs, 3);
    slice('a', 2.9);
    slice('b', 2.1);
    slice('c', 1);
    assert.deepEqual(did, ['a', 'b']);
    await clock.advance(4);
    assert.deepEqual(did, ['a', 'b'], 'five milliseconds of rest');
    await clock.advance(1);
    assert.deepEqual(did, ['a', 'b', 'c']);
    asked = false;
    assert.equal(turns.sliceMs, 10);
    slice('d', 8);
    slice('e', 1);
    assert.deepEqual(did.slice(3), ['d', 'e'], 'no client asks any more');
  });

  it('rest for twenty milliseconds at most, however busy the clients keep the thread', async () => {
    const { clock, did, slice, work } = sharing({ allWork: true, clientsAsk: () => true });
    work(1_000);
    slice('a', 1);
    await clock.advance(19);
    assert.deepEqual(did, []);
    await clock.advance(1);
    assert.deepEqual(did, ['a']);
  });

  it('rest on for the work that the thread did meanwhile, such as the slice of a turn', async () => {
    const { clock, turns, did, slice, work } = sharing({ allWork: true, clientsAsk: () => true });
    for (const round of [1, 2]) {
      void turns.turn().then(() => work(3));
      slice(`behind ${round}`, 0);
      await clock.advance(2);
      assert.equal(did.length, round - 1, 'the slice of the turn took three milliseconds');
      await clock.advance(1);
      assert.equal(did.length, round);
    }
  });

  it('rest for twenty milliseconds at most, also for work that never ends', async () => {
    const { clock, did, slice, work } = sharing({ allWork: true, clientsAsk: () => true });
    work(3);
    slice('a', 1);
    for (let ms = 0; ms < 20; ms++) {
      assert.deepEqual(did, [], `after ${ms} ms`);
      work(1);
      await clock.advance(1);
    }
    assert.deepEqual(did, ['a']);
  });

  it('begin no other work in the turn of a slice that follows its promise', async () => {
    const { clock, turns, did, slice } = sharing();
    for (const round of [1, 2]) {
      void turns.turn().then(() => did.push(`turn ${round}`));
      slice(`slice ${round}`, 1);
      await settle();
      assert.equal(did.at(-1), `turn ${round}`);
      await clock.advance(0);
      assert.equal(did.at(-1), `slice ${round}`);
    }
  });

  it('say whether work would run at once', async () => {
    const { clock, turns, slice, work } = sharing({ allWork: true });
    assert.equal(turns.ready, true);
    slice('a', 9.9);
    assert.equal(turns.ready, true);
    work(0.1);
    assert.equal(turns.ready, false);
    slice('b', 1);
    slice('c', 10);
    await clock.advance(0);
    assert.equal(turns.ready, false, 'eleven milliseconds are used up');
    slice('d', 1);
    await clock.advance(0);
    assert.equal(turns.ready, true);
    let asked = true;
    const resting = sharing({ clientsAsk: () => asked });
    resting.slice('a', 3);
    resting.slice('b', 1);
    asked = false;
    assert.equal(resting.turns.ready, false, 'the rest that began goes on');
  });

  it('resolve for work that does itself when there is time for a slice', async () => {
    const { clock, turns, work } = sharing({ allWork: true });
    let turn = 0;
    const next = (): Promise<number> => turns.turn().then(() => turn++);
    await next();
    work(10);
    const waiting = next();
    await settle();
    assert.equal(turn, 1);
    await clock.advance(0);
    await waiting;
    assert.equal(turn, 2);
  });
});
