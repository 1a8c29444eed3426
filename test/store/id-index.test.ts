import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdIndex } from '../../src/store/testing.ts';

const id = (number: number): Uint8Array => new Uint8Array(32).fill(number);

describe('the index of ids', () => {
  it('takes an id once, and returns its hint when the id is removed', () => {
    const index = new IdIndex();
    assert.equal(index.add(id(1), 5n), true);
    assert.equal(index.add(id(1), 6n), false);
    assert.equal(index.get(id(1)), 5n);
    assert.equal(index.size, 1);
    assert.equal(index.remove(id(1)), 5n);
    assert.equal(index.remove(id(1)), undefined);
    assert.equal(index.get(id(1)), undefined);
    assert.equal(index.size, 0);
  });

  it('lists for a view the current hint of an id and the hint before its first later removal', () => {
    const index = new IdIndex();
    index.add(id(1), 1n);
    const first = index.view();
    assert.deepEqual([...first.candidates(id(1))], [1n]);
    index.remove(id(1));
    const second = index.view();
    index.add(id(1), 2n);
    const third = index.view();
    index.remove(id(1));
    index.add(id(1), 3n);
    index.remove(id(1));
    const fourth = index.view();
    index.add(id(1), 4n);
    const named = [first, second, third, fourth].map((view) => [...view.candidates(id(1))]);
    assert.deepEqual(named, [[4n, 1n], [4n, 2n], [4n, 2n], [4n]]);
    assert.deepEqual([...fourth.candidates(id(2))], []);
  });

  it('keeps no record of removals before the first view', () => {
    const index = new IdIndex();
    index.add(id(1), 1n);
    index.remove(id(1));
    assert.deepEqual([...index.view().candidates(id(1))], []);
  });
});
