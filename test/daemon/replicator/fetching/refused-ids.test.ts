import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RefusedIds } from '../../../../src/daemon/replicator/fetching/testing.ts';

const id = (fill: number) => new Uint8Array(32).fill(fill);

describe('RefusedIds', () => {
  it('applies a statement of a peer to that peer alone', () => {
    const refused = new RefusedIds();
    refused.add('a', id(1));
    refused.add('b', id(1));
    assert.equal(refused.witnesses(id(1)).length > 0, true);
    assert.deepEqual(
      ['a', 'b', 'c'].map((peer) => refused.hasFrom(peer, id(1))),
      [true, true, false],
    );
    refused.delete(id(1));
    assert.deepEqual([refused.size, refused.hasFrom('a', id(1))], [0, false]);
  });

  it('is empty once it is cleared, and has all its room again', () => {
    const refused = new RefusedIds({ maxWords: 2 });
    refused.connected('a');
    for (const fill of [1, 2]) refused.add('a', id(fill));
    assert.equal(refused.held, 2);
    refused.clear();
    assert.deepEqual([refused.size, refused.held, refused.hasFrom('a', id(1))], [0, 0, false]);
    for (const fill of [3, 4]) refused.add('a', id(fill));
    assert.deepEqual([refused.size, refused.held], [2, 2]);
  });

  it('counts the ids that connected peers have, and forgets a peer', () => {
    const refused = new RefusedIds({ maxWords: 4 });
    refused.connected('a');
    for (const peer of ['a', 'b']) refused.add(peer, id(1));
    refused.add('b', id(2));
    assert.equal(refused.held, 1);
    refused.connected('b');
    assert.equal(refused.held, 2);
    refused.delete(id(2));
    assert.equal(refused.held, 1);
    refused.add('b', id(2));
    assert.equal(refused.held, 2);
    refused.disconnected('b');
    assert.deepEqual([refused.held, refused.size], [1, 2]);
    assert.deepEqual([refused.forget('b'), refused.forget('b')], [true, false]);
    assert.deepEqual([...refused.ids()], [id(1)]);
    assert.equal(refused.hasFrom('b', id(1)), false);
    for (const fill of [3, 4, 5]) refused.add('a', id(fill));
    assert.equal(refused.size, 4, 'what was forgotten takes no room');
  });

  it('is bounded in peers for an id, and in statements', () => {
    const refused = new RefusedIds({ maxWords: 100 });
    for (let i = 0; i < 1_000; i++) refused.add(`peer ${i}`, id(1));
    assert.equal(refused.hasFrom('peer 0', id(1)), false);
    assert.equal(refused.hasFrom('peer 999', id(1)), true);
    for (let i = 0; i < 90; i++) refused.add('a', id(i + 2));
    assert.equal(refused.witnesses(id(1)).length > 0, false, 'the first word makes room');
    assert.equal(refused.size, 90);
    for (let i = 0; i < 200; i++) refused.add('a', id(i + 2));
    assert.equal(refused.size, 100);
  });
});
