import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Knows } from '../../../../src/protocol/index.ts';
import { Slots } from '../../../../src/protocol/reconcile/sessions/testing.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { soon } from '../../../support/soon.ts';

const { signal } = new AbortController();

async function setUp(limit: number, knows?: Knows) {
  const clock = new VirtualClock();
  const slots = new Slots({
    clock,
    limit,
    giveWayMs: 1_000,
    ...(knows !== undefined && { knows }),
  });
  const told: string[] = [];
  const inside: string[] = [];
  const enter = async (name: string) => {
    const release = await slots.take(name, signal, () => told.push(name));
    inside.push(name);
    return release;
  };
  return { clock, slots, told, inside, enter };
}

describe('Slots', () => {
  it('tell the part that is held', async () => {
    const { slots, enter } = await setUp(4);
    const leave = await enter('a');
    assert.equal(slots.usedRatio, 0.25);
    leave();
    assert.equal(slots.usedRatio, 0);
  });

  it('are kept for known peers, and strangers that wait make only strangers give way', async () => {
    const { clock, told, inside, enter } = await setUp(4, (peer) => /[A-Z]/.test(peer));
    const leave = await enter('K');
    for (const name of ['a', 'b', 'c', 'd', 'e']) void enter(name);
    await clock.advance(999);
    assert.deepEqual(inside, ['K', 'a', 'b', 'c'], 'a known peer has its own place');
    await clock.advance(1);
    assert.deepEqual(told, ['a', 'b'], 'K is the oldest, and not in their way');
    leave();
    await settle();
    assert.deepEqual(inside.length, 4, 'the place stays free');
    await enter('L');
    void enter('M');
    await clock.advance(0);
    assert.deepEqual(told, ['a', 'b', 'c'], 'now a known peer waits');
  });

  it('are never more than the limit, also where that leaves none to keep for known peers', async () => {
    const { slots, inside, enter } = await setUp(1, (peer) => /[A-Z]/.test(peer));
    const leave = await enter('a');
    void enter('K');
    await settle();
    assert.deepEqual(inside, ['a']);
    leave();
    await settle();
    assert.deepEqual([inside, slots.usedRatio], [['a', 'K'], 1]);
  });

  it('leaves sessions alone while no other waits', async () => {
    const { clock, told, enter } = await setUp(2);
    for (const name of ['a', 'b']) await enter(name);
    await clock.advance(10_000);
    assert.deepEqual(told, []);
    assert.equal(clock.pending, 0);
  });

  it('tells the oldest session to end, one for each that waits, and not before its time', async () => {
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

  it('forgets a waiter that gave up', async () => {
    const { clock, slots, told, enter } = await setUp(1);
    await enter('a');
    const gone = new AbortController();
    const waiting = slots.take('b', gone.signal, () => undefined);
    gone.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    await clock.advance(5_000);
    assert.deepEqual(told, []);
    assert.equal(clock.pending, 0);
  });

  it('admits one for each that leaves, at the limit, time after time', async () => {
    const { clock, inside, enter } = await setUp(2);
    const leave = [await enter('a'), await enter('b')];
    for (const name of ['c', 'd', 'e', 'f']) {
      const entering = enter(name);
      await settle();
      assert.equal(inside.includes(name), false, `${name} waits`);
      const first = leave.shift()!;
      first();
      first();
      leave.push(await soon(clock, `${name} comes in`, entering, 0));
    }
    for (const one of leave) one();
    assert.equal(clock.pending, 0);
    await soon(clock, 'there is room again', Promise.all([enter('g'), enter('h')]), 0);
  });

  it('counts the time of each session from its admission', async () => {
    const { clock, told, enter } = await setUp(1);
    const leave = await enter('a');
    const second = enter('b');
    await clock.advance(900);
    leave();
    await soon(clock, 'b comes in', second, 0);
    void enter('c');
    await clock.advance(999);
    assert.deepEqual(told, [], 'b has been in for less');
    await clock.advance(1);
    assert.deepEqual(told, ['b']);
  });

  it('tells a long session to end as soon as another one waits', async () => {
    const { clock, told, enter } = await setUp(2);
    await enter('a');
    await clock.advance(5_000);
    await enter('b');
    void enter('c');
    await clock.advance(0);
    assert.deepEqual(told, ['a']);
    void enter('d');
    await clock.advance(999);
    assert.deepEqual(told, ['a'], 'b is new');
    await clock.advance(1);
    assert.deepEqual(told, ['a', 'b']);
  });

  it('tells another session to end when one left and a waiter remains', async () => {
    const { clock, told, enter } = await setUp(1);
    const leave = await enter('a');
    const entering = enter('b');
    void enter('c');
    await clock.advance(1_000);
    assert.deepEqual(told, ['a']);
    leave();
    await soon(clock, 'b comes in', entering, 0);
    await clock.advance(1_000);
    assert.deepEqual(told, ['a', 'b'], 'c waits still');
  });
});
