import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Alarm, BoundedMap, delay, Gate } from '../../src/store/index.ts';
import { settle, VirtualClock } from '../support/clock.ts';

describe('Alarm', () => {
  function rig() {
    const clock = new VirtualClock();
    const alarm = new Alarm(clock);
    const calls: string[] = [];
    return { clock, alarm, calls, call: (name: string) => () => void calls.push(name) };
  }

  it('calls once, at its time', async () => {
    const { clock, alarm, calls, call } = rig();
    alarm.set(100, call('a'));
    assert.equal(alarm.pending, true);
    await clock.advance(99);
    assert.deepEqual(calls, []);
    await clock.advance(1);
    assert.deepEqual(calls, ['a']);
    assert.equal(alarm.pending, false);
    await clock.advance(1_000);
    assert.deepEqual(calls, ['a']);
  });

  it('replaces a pending call by set, and keeps it by ensure', async () => {
    const { clock, alarm, calls, call } = rig();
    alarm.set(100, call('a'));
    alarm.set(50, call('b'));
    alarm.ensure(10, call('c'));
    assert.equal(clock.pending, 1);
    await clock.advance(1_000);
    assert.deepEqual(calls, ['b']);
    alarm.ensure(10, call('d'));
    await clock.advance(10);
    assert.deepEqual(calls, ['b', 'd']);
  });

  it('can be cancelled at any time, and set again afterwards', async () => {
    const { clock, alarm, calls, call } = rig();
    alarm.cancel();
    alarm.set(100, call('a'));
    alarm.cancel();
    assert.equal(alarm.pending, false);
    assert.equal(clock.pending, 0);
    alarm.ensure(100, call('b'));
    await clock.advance(100);
    assert.deepEqual(calls, ['b']);
  });

  it('can be set anew by the call itself', async () => {
    const { clock, alarm, calls } = rig();
    const again = (): void => {
      calls.push('again');
      if (calls.length < 3) alarm.ensure(10, again);
    };
    alarm.set(10, again);
    await clock.advance(1_000);
    assert.equal(calls.length, 3);
    assert.equal(alarm.pending, false);
  });
});

describe('delay', () => {
  it('resolves after the given time, and at once without one', async () => {
    const clock = new VirtualClock();
    const passed: string[] = [];
    void delay(clock, 10).then(() => passed.push('10'));
    void delay(clock).then(() => passed.push('0'));
    await clock.advance(0);
    assert.deepEqual(passed, ['0']);
    await clock.advance(10);
    assert.deepEqual(passed, ['0', '10']);
  });
});

describe('Gate', () => {
  it('lets a caller through at once while it is open', async () => {
    const gate = new Gate();
    await gate.until(() => true);
  });

  it('asks again after each recheck, and lets all through in their order', async () => {
    const gate = new Gate();
    const passed: string[] = [];
    let open = false;
    for (const name of ['a', 'b']) void gate.until(() => open).then(() => passed.push(name));
    gate.recheck();
    await settle();
    assert.deepEqual(passed, []);
    open = true;
    await settle();
    assert.deepEqual(passed, []);
    gate.recheck();
    await settle();
    assert.deepEqual(passed, ['a', 'b']);
  });

  it('keeps waiting the caller for whom it closed again', async () => {
    const gate = new Gate();
    const passed: string[] = [];
    let room = 1;
    for (const name of ['a', 'b']) {
      void gate
        .until(() => room > 0)
        .then(() => {
          passed.push(name);
        });
      if (name === 'a') await settle();
      room = 0;
    }
    gate.recheck();
    await settle();
    assert.deepEqual(passed, ['a']);
    room = 1;
    gate.recheck();
    await settle();
    assert.deepEqual(passed, ['a', 'b']);
  });
});

describe('BoundedMap', () => {
  it('forgets the oldest entry past its bound', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1).set('b', 2);
    assert.deepEqual(
      [...map],
      [
        ['a', 1],
        ['b', 2],
      ],
    );
    map.set('c', 3);
    assert.deepEqual(
      [...map],
      [
        ['b', 2],
        ['c', 3],
      ],
    );
  });

  it('makes an entry the newest when it is set again', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1).set('b', 2).set('a', 3).set('c', 4);
    assert.deepEqual(
      [...map],
      [
        ['a', 3],
        ['c', 4],
      ],
    );
  });

  it('has room again after a deletion', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1).set('b', 2);
    map.delete('b');
    map.set('c', 3);
    assert.deepEqual([...map.keys()], ['a', 'c']);
  });
});
