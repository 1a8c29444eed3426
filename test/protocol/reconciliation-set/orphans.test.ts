import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReconciliationSet } from '../../../src/protocol/index.ts';
import { hex, id, numbered } from './ids.ts';

describe('orphans in a ReconciliationSet', () => {
  it('keeps the ids of a peer that left, and probes other peers for them', () => {
    const set = new ReconciliationSet();
    set.add('ann', [1, 2].map(id));
    set.drop('ann');
    assert.deepEqual([set.size, set.orphans, set.claim('bob', 9).length], [2, 2, 0]);
    assert.equal(set.mayAsk('bob', id(1)), false);
    set.probe('bob');
    assert.equal(set.mayAsk('bob', id(1)), true);
    assert.deepEqual(hex(set.claim('bob', 9)), hex([1, 2].map(id)));
    set.release('bob', id(1), { forget: true });
    assert.equal(set.mayAsk('bob', id(1)), false);
    set.release('bob', id(2));
    assert.deepEqual(hex(set.claim('bob', 9)), hex([id(2)]));
    set.add('cyd', [1, 2].map(id));
    assert.deepEqual([set.orphans, set.claimedBy(id(2))], [0, 'bob']);
    assert.deepEqual(hex(set.claim('cyd', 9)), hex([id(1)]));
  });

  it('stops probing a peer that lacks too many ids', () => {
    const set = new ReconciliationSet();
    set.add(
      'ann',
      Array.from({ length: 300 }, (_, n) => numbered(n)),
    );
    set.drop('ann');
    set.probe('bob');
    for (const one of set.claim('bob', 999)) set.release('bob', one, { forget: true });
    assert.deepEqual([set.claim('bob', 999).length, set.orphans], [0, 300]);
  });

  it('keeps orphans up to its limit, and those longest that two peers had', () => {
    const set = new ReconciliationSet({ maxOrphans: 3 });
    set.add('ann', [1, 2, 3, 4, 5].map(id));
    set.add('bob', [id(2)]);
    for (const peer of ['ann', 'bob']) set.drop(peer);
    assert.deepEqual(hex(set.missing()), hex([2, 4, 5].map(id)));
    assert.deepEqual([set.orphans, set.lost], [3, 2]);
  });

  it('drops the oldest orphans first, however many peers leave', () => {
    const set = new ReconciliationSet({ maxOrphans: 100 });
    for (let peer = 0; peer < 500; peer++) {
      set.add(
        `${peer}`,
        Array.from({ length: peer % 7 }, (_, i) => numbered(10 * peer + i)),
      );
      set.drop(`${peer}`);
    }
    const last = [...set.missing()];
    assert.deepEqual([last.length, set.orphans], [100, 100]);
    assert.ok(hex(last).every((one, i, all) => i === 0 || one > all[i - 1]!));
    assert.deepEqual(last.at(-1), numbered(4_991));
    set.add('ann', last.slice(0, 50));
    set.add('bob', last.slice(0, 1));
    set.drop('bob');
    set.drop('ann');
    assert.deepEqual(hex(set.missing()), hex(last));
    set.add(
      'cyd',
      Array.from({ length: 300 }, (_, i) => numbered(10_000 + i)),
    );
    set.drop('cyd');
    const kept = [last[0]!, ...Array.from({ length: 99 }, (_, i) => numbered(10_201 + i))];
    assert.deepEqual(hex(set.missing()), hex(kept), 'what two had stays');
  });

  it('remembers since when an id is wanted, also over a restart, and expires it', () => {
    let now = 600_000;
    const set = new ReconciliationSet({ now: () => now });
    set.add('ann', [1, 2].map(id));
    set.add('bob', [id(2)]);
    now += 90_000;
    set.add('ann', [3, 4].map(id));
    const wants = [1, 2, 3].map((n) => set.want(id(n))!);
    assert.deepEqual(
      wants.map(({ since, confirmed }) => [since, confirmed]),
      [
        [600_000, false],
        [600_000, true],
        [660_000, false],
      ],
    );
    const restored = new ReconciliationSet();
    restored.restore(wants);
    assert.deepEqual(
      [1, 2, 3].map((n) => restored.want(id(n))),
      wants,
    );
    assert.equal(restored.orphans, 3);
    restored.add('cyd', [id(1)]);
    restored.claim('cyd', 1);
    assert.deepEqual(hex(restored.expire(660_001)), hex([id(3)]));
    restored.release('cyd', id(1));
    assert.deepEqual(hex(restored.expire(660_000)), hex([id(1)]));
    assert.deepEqual(hex(restored.missing()), hex([id(2)]));
  });
});
