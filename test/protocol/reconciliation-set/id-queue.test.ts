import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdQueue } from '../../../src/protocol/reconciliation-set/testing.ts';

const isAny = (): boolean => true;

/** Takes out all that is left; fails where there is no end to it. */
function drain(queue: IdQueue): string[] {
  const keys: string[] = [];
  for (let key = queue.shift(isAny); key !== undefined; key = queue.shift(isAny)) {
    keys.push(key);
    assert.ok(keys.length < 1_000, 'the queue comes to its end');
  }
  return keys;
}

describe('IdQueue', () => {
  it('returns each id once, oldest first, also after it was empty', () => {
    const queue = new IdQueue();
    for (const round of ['x', 'y', 'z']) {
      for (const n of [1, 2, 3]) queue.push(`${round}${n}`, 3, () => true);
      assert.deepEqual(drain(queue), [`${round}1`, `${round}2`, `${round}3`]);
      assert.equal(queue.shift(isAny), undefined, 'and none when it is empty');
    }
  });

  it('drops dead ids once it holds more than twice the live ones and the slack', () => {
    const dead = new Set<string>();
    const asked: string[] = [];
    const live = (key: string): boolean => {
      asked.push(key);
      return !dead.has(key);
    };
    const queue = new IdQueue({ slack: 2 });
    for (const key of ['a', 'b', 'c', 'd']) queue.push(key, 1, live);
    assert.deepEqual(asked, [], 'as long as twice one and two');
    for (const key of ['a', 'c']) dead.add(key);
    queue.push('e', 1, live);
    assert.deepEqual(asked, ['a', 'b', 'c', 'd', 'e'], 'one longer');
    assert.deepEqual(drain(queue), ['b', 'd', 'e']);
  });

  it('keeps the first place of an id that was added twice, and forgets taken ids', () => {
    const asked: string[] = [];
    const live = (key: string): boolean => asked.push(key) > 0;
    const queue = new IdQueue({ slack: 0 });
    for (const key of ['a', 'b', 'c']) queue.push(key, 9, live);
    assert.equal(queue.shift(isAny), 'a');
    queue.push('b', 1, live);
    assert.deepEqual(asked, ['b', 'c'], 'a was taken');
    assert.equal(queue.shift(isAny), 'b', 'the queue starts anew at its head');
    queue.push('d', 9, live);
    assert.deepEqual(drain(queue), ['c', 'd']);
  });

  it('has a slack of 1,024 ids by default', () => {
    let sweeps = 0;
    const queue = new IdQueue();
    const live = (): boolean => {
      sweeps++;
      return true;
    };
    for (let i = 0; i < 1_024; i++) queue.push(`${i}`, 0, live);
    assert.equal(sweeps, 0);
    queue.push('last', 0, live);
    assert.equal(sweeps, 1_025);
  });
});
