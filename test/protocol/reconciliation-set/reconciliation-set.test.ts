import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReconciliationSet } from '../../../src/protocol/index.ts';
import { hex, id, numbered } from './ids.ts';

describe('ReconciliationSet', () => {
  it('claims the oldest ids first, and returned ones last', () => {
    const set = new ReconciliationSet();
    set.add('ann', [3, 1, 2].map(id));
    set.add('bob', [9, 2, 1, 3].map(id));
    assert.deepEqual(hex(set.claim('ann', 2)), hex([3, 1].map(id)));
    assert.deepEqual(hex(set.claim('bob', 9)), hex([9, 2].map(id)));
    assert.equal(set.release('ann', id(3)), true);
    assert.equal(set.release('ann', id(1), { forget: true }), true);
    assert.deepEqual(hex(set.claim('ann', 9)), hex([id(3)]));
    assert.deepEqual(hex(set.claim('bob', 9)), hex([id(1)]));
  });

  it('tells since when the oldest id is wanted, also when another peer lists it', () => {
    let now = 600_000;
    const set = new ReconciliationSet({ now: () => now });
    assert.equal(set.oldestSince, null);
    set.add('ann', [id(1)]);
    now = 720_000;
    set.add('bob', [1, 2].map(id));
    assert.equal(set.oldestSince, 600_000);
    set.received(id(1));
    assert.equal(set.oldestSince, 720_000);
  });

  it('accepts ids of one peer up to its limit, and more once some have arrived', () => {
    const set = new ReconciliationSet({ maxIdsPerPeer: 3 });
    assert.equal(set.add('ann', [1, 2, 3, 4, 5].map(id)), 3);
    assert.equal(set.add('bob', [5].map(id)), 1);
    set.received(id(2));
    assert.equal(set.add('ann', [5, 4].map(id)), 0);
    assert.deepEqual(set.sources(id(5)), ['bob', 'ann']);
    assert.equal(set.has(id(4)), false);
  });

  it('reports the room of a peer', () => {
    const set = new ReconciliationSet({ maxIdsPerPeer: 3, maxIds: 4 });
    assert.equal(set.room('ann'), 3);
    set.add('ann', [1, 2, 3].map(id));
    assert.deepEqual([set.room('ann'), set.room('bob')], [0, 1]);
    set.add('bob', [1, 4, 5].map(id));
    assert.deepEqual([set.room('bob'), set.has(id(5))], [0, false]);
    set.received(id(1));
    assert.deepEqual([set.room('ann'), set.room('bob')], [1, 1]);
  });

  it('drops an id that its only source lacks, and the other ids of that source when it is denied', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2, 3].map(id));
    set.add('bob', [id(3)]);
    set.claim('ann', 1);
    set.release('ann', id(1), { forget: true });
    assert.equal(set.has(id(1)), false);
    set.drop('ann', { denied: true });
    set.drop('bob', { denied: true });
    assert.deepEqual(hex(set.missing()), hex([id(3)]));
  });

  it('stays small and quick while 50,000 ids of eight peers come and go, twice', () => {
    const set = new ReconciliationSet();
    const names = Array.from({ length: 8 }, (_, i) => `peer ${i}`);
    const ids = Array.from({ length: 50_000 }, (_, i) => numbered(i));
    for (const fetchers of [names, names.slice(0, 1)]) {
      for (const name of names) set.add(name, ids);
      let claimed = 0;
      while (set.size > 0) {
        const before = claimed;
        for (const name of fetchers) {
          for (const one of set.claim(name, 500)) {
            claimed++;
            set.received(one);
          }
        }
        assert.ok(claimed > before && claimed <= ids.length, 'each id can be claimed, and once');
      }
      assert.equal(claimed, ids.length);
    }
    assert.deepEqual(set.claim(names[7]!, 1), []);
  });
});
