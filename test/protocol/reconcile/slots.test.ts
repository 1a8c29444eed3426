import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Slots } from '../../../src/protocol/reconcile/slots.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

const { signal } = new AbortController();

async function setUp(limit: number) {
  const clock = new VirtualClock();
  const slots = new Slots({ clock, limit, giveWayMs: 1_000 });
  const told: string[] = [];
  const inside: string[] = [];
  const enter = async (name: string) => {
    const release = await slots.acquire(signal, () => told.push(name));
    inside.push(name);
    return release;
  };
  return { clock, slots, told, inside, enter };
}

describe('Slots', () => {
  it('leaves sessions alone while nobody waits', async () => {
    const { clock, told, enter } = await setUp(2);
    for (const name of ['a', 'b']) await enter(name);
    await clock.advance(10_000);
    assert.deepEqual(told, []);
    assert.equal(clock.pending, 0);
  });

  it('tells the oldest to give way, one for each that waits, and not before its time', async () => {
    const { clock, told, inside, enter } = await setUp(2);
    const leave = await enter('a');
    await clock.advance(400);
    await enter('b');
    void enter('c');
    await clock.advance(599);
    assert.deepEqual(told, []);
    await clock.advance(1);
    assert.deepEqual(told, ['a']);
    await clock.advance(5_000);
    assert.deepEqual(told, ['a'], 'b need not go as well');
    void enter('d');
    await clock.advance(0);
    assert.deepEqual(told, ['a', 'b']);
    leave();
    await settle();
    assert.deepEqual(inside, ['a', 'b', 'c']);
    await clock.advance(5_000);
    assert.deepEqual(told, ['a', 'b'], 'there is one going for d');
  });

  it('forgets who waits no more', async () => {
    const { clock, slots, told, enter } = await setUp(1);
    await enter('a');
    const gone = new AbortController();
    const waiting = slots.acquire(gone.signal, () => undefined);
    gone.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    await clock.advance(5_000);
    assert.deepEqual(told, []);
    assert.equal(clock.pending, 0);
  });
});
