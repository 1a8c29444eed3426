import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RefusedIds } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { idOf } from '../support.ts';

const has = (refused: RefusedIds, numbers: readonly number[]): boolean[] =>
  numbers.map((number) => refused.witnesses(idOf(number)).length > 0);

describe('the bounds of RefusedIds', () => {
  it('keep a number of statements, and drop the oldest id with all of its', () => {
    const refused = new RefusedIds({ maxWords: 3 });
    refused.add('a', idOf(1));
    refused.add('b', idOf(1));
    refused.add('a', idOf(1));
    refused.add('a', idOf(2));
    assert.deepEqual(has(refused, [1, 2]), [true, true], 'at the bound');
    refused.add('a', idOf(3));
    assert.deepEqual(has(refused, [1, 2, 3]), [false, true, true], 'one past it');
    refused.add('a', idOf(4));
    assert.deepEqual(has(refused, [2, 3, 4]), [true, true, true], 'both words have gone');
    refused.add('a', idOf(5));
    assert.deepEqual(has(refused, [2, 3, 4, 5]), [false, true, true, true]);
  });

  it('free the room of stored ids, each time', () => {
    const refused = new RefusedIds({ maxWords: 2 });
    for (let round = 0; round < 3; round++) {
      refused.add('a', idOf(1));
      refused.add('b', idOf(1));
      assert.deepEqual([...refused.delete(idOf(1))], ['a', 'b'], 'those who said so');
      assert.deepEqual([...refused.delete(idOf(1))], []);
      assert.equal(refused.size, 0);
    }
    refused.add('a', idOf(2));
    assert.deepEqual([...refused.delete(idOf(9))], []);
    refused.add('a', idOf(3));
    assert.deepEqual(has(refused, [2, 3]), [true, true]);
  });

  it('keep a number of peers for each id, and drop the first', () => {
    const refused = new RefusedIds({ maxWitnesses: 2, maxWords: 3 });
    const witnesses = () =>
      ['a', 'b', 'c', 'd'].filter((peer) => refused.hasFrom(peer, idOf(1))).join('');
    for (const [peer, expected] of [
      ['a', 'a'],
      ['b', 'ab'],
      ['b', 'ab'],
      ['c', 'bc'],
      ['d', 'cd'],
    ] as const) {
      refused.add(peer, idOf(1));
      assert.equal(witnesses(), expected);
    }
    refused.add('a', idOf(2));
    assert.equal(witnesses(), 'cd', 'they count as two words');
    refused.add('a', idOf(3));
    assert.equal(witnesses(), '');
    assert.equal(refused.hasFrom('a', idOf(4)), false);
  });

  it('are 64 peers an id by default', () => {
    const refused = new RefusedIds();
    for (let i = 0; i < 64; i++) refused.add(`${i}`, idOf(1));
    assert.equal(refused.hasFrom('0', idOf(1)), true);
    refused.add('64', idOf(1));
    assert.deepEqual([refused.hasFrom('0', idOf(1)), refused.hasFrom('1', idOf(1))], [false, true]);
  });
});
