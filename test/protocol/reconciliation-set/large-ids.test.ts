import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReconciliationSet } from '../../../src/protocol/index.ts';
import { hex, id } from './ids.ts';

describe('large ids in a ReconciliationSet', () => {
  it('claims large ids apart, up to a number of bytes', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3, 4].map(id));
    set.add('bob', [id(3)]);
    for (const one of set.claim('ann', 3)) set.release('ann', one, { length: 10 });
    assert.deepEqual(set.unclaimed, { small: 1, large: 3 });
    assert.equal(set.length(id(1)), 10);
    assert.deepEqual(hex(set.claim('bob', 9)), []);
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(4)]));
    assert.deepEqual(hex(set.claimLarge('bob', { max: 9, maxBytes: 1 })), hex([id(3)]));
    assert.deepEqual(hex(set.claimLarge('ann', { max: 9, maxBytes: 11 })), hex([1, 2].map(id)));
    assert.deepEqual(set.unclaimed, { small: 0, large: 0 });
  });

  it('counts an id as large that proves to be large while it is claimed', () => {
    const set = new ReconciliationSet();
    set.add('ann', [id(1), id(2)]);
    assert.deepEqual(hex(set.claim('ann', 1)), hex([id(1)]));
    set.enlarge(id(1), { peer: 'bob', bytes: 10 });
    assert.deepEqual(set.unclaimed, { small: 1, large: 0 });
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(2)]));
    assert.deepEqual(set.unclaimed, { small: 0, large: 0 });
    set.release('ann', id(1));
    assert.deepEqual(set.unclaimed, { small: 0, large: 1 });
    assert.deepEqual(hex(set.claimLarge('ann', { max: 1, maxBytes: 10 })), hex([id(1)]));
    set.received(id(1));
    set.release('ann', id(2));
    assert.deepEqual(set.unclaimed, { small: 1, large: 0 });
  });

  it('takes back the lengths that one peer stated, and no others', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3, 4].map(id));
    for (const n of [1, 2, 3]) set.enlarge(id(n), { peer: n < 3 ? 'bob' : 'ann', bytes: 10 });
    assert.equal(set.claimLarge('ann', { max: 1, maxBytes: 10 }).length, 1);
    assert.deepEqual(set.said(id(1)), { peer: 'bob', bytes: 10 });
    set.unsay('bob');
    assert.deepEqual(
      [set.said(id(1)), set.length(id(2)), set.length(id(3))],
      [undefined, undefined, 10],
    );
    assert.deepEqual(set.unclaimed, { small: 2, large: 1 });
    assert.deepEqual(hex(set.claim('ann', 9)).sort(), hex([id(2), id(4)]));
    set.release('ann', id(1));
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(1)]));
    assert.deepEqual(hex(set.claimLarge('ann', { max: 9, maxBytes: 99 })), hex([id(3)]));
  });
});
