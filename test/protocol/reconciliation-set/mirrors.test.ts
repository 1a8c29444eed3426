import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReconciliationSet } from '../../../src/protocol/index.ts';
import { hex, id } from './ids.ts';

describe('mirrors in a ReconciliationSet', () => {
  it('claims for a mirror the ids that its peer lists, before and after, each id once', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2].map(id));
    set.mirror('bob', 'ann');
    set.mirror('cyd', 'bob');
    set.add('ann', [3, 4].map(id));
    assert.deepEqual(set.sources(id(3)), ['ann', 'bob', 'cyd']);
    assert.equal(set.mirrors('cyd'), 'ann');
    assert.deepEqual([set.lists('ann', id(1)), set.lists('bob', id(1))], [true, false]);
    assert.deepEqual(hex(set.claim('bob', 1)), hex([id(1)]));
    assert.deepEqual(hex(set.claim('ann', 1)), hex([id(2)]));
    assert.deepEqual(hex(set.claim('cyd', 9)), hex([3, 4].map(id)));
    set.release('bob', id(1));
    set.unmirror('cyd');
    assert.deepEqual(set.claim('cyd', 9), []);
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(1)]));
  });

  it('does not claim an id again for a mirror that lacks it, and ends the mirror after several', () => {
    const set = new ReconciliationSet();
    const ids = Array.from({ length: 20 }, (_, n) => id(n));
    set.add('ann', ids);
    set.mirror('bob', 'ann');
    for (let n = 0; n < 7; n++) set.release('bob', set.claim('bob', 1)[0]!, { forget: true });
    assert.deepEqual(set.sources(id(6)), ['ann']);
    assert.deepEqual(set.sources(id(7)), ['ann', 'bob']);
    set.release('bob', set.claim('bob', 1)[0]!, { forget: true });
    assert.equal(set.mirrors('bob'), undefined);
    assert.equal(set.claim('ann', 99).length, 20);
  });

  it('ends the mirrors of a peer that listed invented ids', () => {
    const set = new ReconciliationSet();
    const ids = Array.from({ length: 50 }, (_, n) => id(n));
    set.add('ann', ids);
    for (const peer of ['bob', 'cyd']) set.mirror(peer, 'ann');
    for (const one of set.claim('ann', 50)) set.release('ann', one, { forget: true });
    assert.deepEqual([set.size, set.mirrors('bob'), set.mirrors('cyd')], [0, undefined, undefined]);
  });

  it('keeps the ids of a peer that left while its mirrors hold them', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3].map(id));
    set.add('bob', [id(3)]);
    set.mirror('bob', 'ann');
    set.mirror('cyd', 'ann');
    set.claim('ann', 1);
    set.drop('ann');
    assert.deepEqual(set.sources(id(3)), ['bob', 'cyd']);
    assert.deepEqual(hex(set.claim('cyd', 1)), hex([id(2)]));
    set.drop('cyd');
    assert.equal(set.claim('bob', 9).length, 3);
    set.unmirror('bob');
    assert.deepEqual(set.sources(id(1)), []);
    assert.deepEqual(set.sources(id(3)), ['bob']);
    assert.deepEqual([set.orphans, set.claimed], [2, 3]);
  });
});
