import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReconciliationSet } from '../../../src/protocol/index.ts';
import { bytesToKey, keyToBytes } from '../../../src/store/index.ts';

const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const range = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from + 1 }, (_, i) => id(from + i));
const numbers = (ids: Iterable<Uint8Array>): number[] => [...ids].map((one) => one[0]!);

/** Claims all that `peer` may be asked for, and denies it all. */
function denyAll(set: ReconciliationSet, peer: string, max = 999): number[] {
  const claimed = set.claim(peer, max);
  for (const one of claimed) set.release(peer, one, { forget: true });
  return numbers(claimed);
}

describe('limits of a ReconciliationSet', () => {
  it('accept ids of one peer up to its limit, and make room when items arrive', () => {
    const set = new ReconciliationSet({ maxIdsPerPeer: 3, maxIds: 9 });
    for (let round = 0; round < 3; round++) {
      assert.equal(set.add('ann', range(1, 2)), 2);
      assert.equal(set.room('ann'), 1);
      assert.equal(set.add('ann', range(3, 4)), 1);
      assert.deepEqual([set.room('ann'), set.listed('ann'), set.has(id(4))], [0, 3, false]);
      for (const n of [1, 2, 3]) assert.equal(set.received(id(n)), true);
      assert.deepEqual([set.room('ann'), set.listed('ann')], [3, 0]);
    }
  });

  it('accept sources of known ids past the limit of all peers, and no new ids', () => {
    const set = new ReconciliationSet({ maxIds: 3 });
    for (let round = 0; round < 3; round++) {
      assert.equal(set.add('ann', range(1, 4)), 3);
      assert.equal(set.add('bob', range(2, 5)), 0);
      assert.deepEqual([set.room('cyd'), set.listed('bob'), set.size], [0, 2, 3]);
      set.received(id(1));
      assert.equal(set.room('cyd'), 1);
      assert.equal(set.add('bob', [id(5)]), 1);
      for (const n of [2, 3, 5]) set.received(id(n));
      assert.equal(set.size, 0);
    }
  });

  it('hold for restored ids, which count once for all peers', () => {
    const set = new ReconciliationSet({ maxIds: 3 });
    const want = (n: number) => ({ id: id(n), since: 0, confirmed: false });
    set.restore([1, 1, 2].map(want));
    assert.deepEqual([set.size, set.orphans], [2, 2]);
    set.restore([3, 4].map(want));
    assert.deepEqual(numbers(set.missing()), [1, 2, 3]);
    assert.equal(set.room('ann'), 0);
  });

  it('keep all orphans up to the limit, drop the oldest past it, and give no place to liars', () => {
    for (const [listed, lost] of [
      [3, 0],
      [4, 1],
      [6, 3],
    ] as const) {
      const set = new ReconciliationSet({ maxOrphans: 3 });
      set.add('ann', range(1, listed));
      set.drop('ann');
      assert.deepEqual(numbers(set.missing()), numbers(range(lost + 1, listed)));
      assert.deepEqual([set.orphans, set.lost], [3, lost]);
      set.add('bob', range(11, 16));
      set.drop('bob', { denied: true });
      assert.deepEqual([set.orphans, set.lost, set.size], [3, lost, 3], 'no word of it is kept');
    }
  });

  it('drop an unconfirmed orphan for a confirmed one, and never the reverse', () => {
    const set = new ReconciliationSet({ maxOrphans: 2 });
    for (const peer of ['ann', 'bob']) set.add(peer, range(1, 2));
    set.add('cyd', [id(3)]);
    for (const peer of ['cyd', 'ann', 'bob']) set.drop(peer);
    assert.deepEqual([numbers(set.missing()), set.lost], [[1, 2], 1]);
    set.add('dee', [id(4)]);
    set.drop('dee');
    assert.deepEqual([numbers(set.missing()), set.orphans, set.lost], [[1, 2], 2, 2]);
    set.received(id(1));
    set.add('dee', [id(4)]);
    set.drop('dee');
    assert.deepEqual([numbers(set.missing()), set.orphans, set.lost], [[2, 4], 2, 2]);
  });

  it('hold for the ids and the bytes of large claims, at the limit and one past it', () => {
    for (const [limits, expected] of [
      [{ max: 2, maxBytes: 99 }, [1, 2]],
      [{ max: 9, maxBytes: 20 }, [1, 2]],
      [{ max: 9, maxBytes: 21 }, [1, 2, 3]],
      [{ max: 0, maxBytes: 99 }, []],
    ] as const) {
      const set = new ReconciliationSet();
      set.add('ann', range(1, 4));
      for (const n of [1, 2, 3, 4]) set.enlarge(id(n), { peer: 'ann', bytes: 10 });
      assert.deepEqual(numbers(set.claimLarge('ann', limits)), expected);
    }
  });
});

describe('peers of a ReconciliationSet', () => {
  it('come back with all their room after they went, time after time', () => {
    const set = new ReconciliationSet({ maxIdsPerPeer: 3, maxOrphans: 0 });
    for (let round = 0; round < 3; round++) {
      assert.equal(set.add('ann', range(1, 3)), 3);
      assert.equal(set.claim('ann', 2).length, 2);
      set.drop('ann');
      assert.deepEqual([set.size, set.claimed, set.listed('ann'), set.room('ann')], [0, 0, 0, 3]);
    }
  });

  it('are asked again for denied ids once they list them anew', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(1, 2));
    set.mirror('bob', 'ann');
    for (let round = 0; round < 3; round++) {
      const [denied] = set.claim('ann', 1);
      set.release('ann', denied!, { forget: true });
      assert.deepEqual(set.sources(denied!), ['bob']);
      assert.equal(set.lists('ann', denied!), false);
      set.add('ann', [denied!]);
      assert.deepEqual(set.sources(denied!), ['ann', 'bob']);
    }
  });

  it('that deny leave an id to the others who list it: it is no orphan', () => {
    const set = new ReconciliationSet();
    for (const peer of ['ann', 'bob', 'cyd']) set.add(peer, [id(1)]);
    for (const [peer, left] of [
      ['ann', ['bob', 'cyd']],
      ['bob', ['cyd']],
    ] as const) {
      assert.deepEqual(denyAll(set, peer), [1]);
      assert.deepEqual([set.sources(id(1)), set.orphans], [left, 0]);
    }
    denyAll(set, 'cyd');
    assert.deepEqual([set.size, set.orphans], [1, 1], 'three have said to have it');
  });

  it('answer as mirrors for nothing that they list themselves', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(101, 110));
    set.add('bob', range(1, 20));
    set.mirror('bob', 'ann');
    assert.equal(denyAll(set, 'bob', 20).length, 20);
    assert.equal(set.mirrors('bob'), 'ann', 'its own list was wrong, not that of ann');
    denyAll(set, 'bob', 7);
    assert.equal(set.mirrors('bob'), 'ann');
    denyAll(set, 'bob', 1);
    assert.equal(set.mirrors('bob'), undefined);
  });

  it('may go though a mirror denied ids that have come in since', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(1, 3));
    set.mirror('bob', 'ann');
    assert.deepEqual(denyAll(set, 'bob', 2), [1, 2]);
    set.received(id(1));
    set.drop('ann');
    assert.deepEqual([numbers(set.missing()), set.sources(id(3))], [[3], ['bob']]);
    assert.equal(set.orphans, 0, 'the peer that is left has denied the other id');
  });

  it('mirror a peer that has gone until the last of its ids has come in', () => {
    const set = new ReconciliationSet();
    for (let round = 0; round < 2; round++) {
      set.add('ann', range(1, 2));
      set.mirror('bob', 'ann');
      set.drop('ann');
      set.received(id(1));
      assert.equal(set.mirrors('bob'), 'ann');
      set.received(id(2));
      assert.equal(set.mirrors('bob'), undefined);
    }
    set.add('ann', [id(1)]);
    set.mirror('bob', 'ann');
    set.received(id(1));
    assert.equal(set.mirrors('bob'), 'ann', 'a connected peer may list more');
    set.add('ann', [id(2)]);
    assert.deepEqual(set.sources(id(2)), ['ann', 'bob']);
  });

  it('say that they may be asked for more when they begin to mirror, and not when that is known', () => {
    let told = 0;
    const set = new ReconciliationSet({ mirrored: () => told++ });
    set.add('ann', [id(1)]);
    for (const [peer, of, expected] of [
      ['bob', 'ann', 1],
      ['bob', 'ann', 1],
      ['ann', 'bob', 1],
      ['ann', 'ann', 1],
      ['cyd', 'bob', 2],
      ['bob', 'dee', 3],
      ['bob', 'ann', 4],
    ] as const) {
      set.mirror(peer, of);
      assert.equal(told, expected, `${peer} as ${of}`);
    }
  });

  it('are probed for so many orphans in vain, and anew when they have connected again', () => {
    const set = new ReconciliationSet();
    const orphans = Array.from({ length: 300 }, (_, n) => {
      const bytes = id(0);
      new DataView(bytes.buffer).setUint32(0, n);
      return bytes;
    });
    set.add('ann', orphans);
    set.drop('ann');
    const open = () => orphans.filter((orphan) => set.mayAsk('bob', orphan)).length;
    for (let round = 0; round < 2; round++) {
      set.probe('bob');
      denyAll(set, 'bob', 255);
      assert.equal(open(), 45, 'one more may be missing');
      denyAll(set, 'bob', 1);
      assert.equal(open(), 0);
      set.probe('bob');
      assert.equal(open(), 300);
      set.drop('bob');
      assert.equal(open(), 0, 'who is gone is not asked');
    }
    set.probe('bob');
    assert.equal(set.mayAsk('bob', orphans[0]!), true, 'and may have it the next time');
  });
});

describe('the answers of a ReconciliationSet about its ids', () => {
  it('lists orphans first, and as many as are asked for', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(1, 3));
    set.add('bob', range(4, 5));
    set.drop('bob');
    const wants = (max: number) => [...set.wants(max)].map((want) => want.id[0]!);
    assert.deepEqual([0, 1, 2, 3, 9].map(wants), [[], [4], [4, 5], [4, 5, 1], [4, 5, 1, 2, 3]]);
    for (const n of [4, 5]) set.received(id(n));
    assert.deepEqual([2, 3].map(wants), [
      [1, 2],
      [1, 2, 3],
    ]);
  });

  it('says whether any id that was stored was wanted, wherever it stands', () => {
    const key = (n: number) => bytesToKey(id(n));
    const set = new ReconciliationSet();
    assert.equal(set.stored([key(1)]), false);
    set.add('ann', range(1, 4));
    set.claim('ann', 1);
    assert.equal(set.stored([key(9)]), false);
    assert.equal(set.stored([]), false);
    assert.equal(set.stored([key(9), key(1)]), true);
    assert.equal(set.stored([key(2), key(3), key(9)]), true);
    assert.deepEqual([numbers(set.missing()), set.claimed], [[4], 0]);
    assert.deepEqual(keyToBytes(key(4)), id(4));
  });

  it('gives up the word of others on lengths with the id', () => {
    const set = new ReconciliationSet();
    set.enlarge(id(1), { peer: 'ann', bytes: 9 });
    assert.equal(set.said(id(1)), undefined, 'it is not missing');
    for (let round = 0; round < 2; round++) {
      set.add('ann', range(1, 2));
      set.enlarge(id(1), { peer: 'bob', bytes: 9 });
      set.enlarge(id(1), { peer: 'ann', bytes: 8 });
      assert.deepEqual(set.said(id(1)), { peer: 'ann', bytes: 8 }, 'the last word counts');
      assert.equal(set.said(id(2)), undefined);
      set.received(id(1));
      assert.deepEqual([set.length(id(1)), set.unclaimed], [undefined, { small: 1, large: 0 }]);
    }
  });

  it('does not know since when an id is wanted without a clock', () => {
    const set = new ReconciliationSet();
    set.add('ann', [id(1)]);
    assert.deepEqual(set.want(id(1)), { id: id(1), since: 0, confirmed: false });
    assert.equal(set.want(id(2)), undefined);
  });

  it('counts a claim by its own peer alone', () => {
    const set = new ReconciliationSet();
    for (const peer of ['ann', 'bob']) set.add(peer, range(1, 2));
    assert.deepEqual(numbers(set.claim('ann', 1)), [1]);
    assert.deepEqual([set.release('bob', id(1)), set.release('ann', id(2))], [false, false]);
    assert.deepEqual([set.claimedBy(id(1)), set.claimed], ['ann', 1]);
    set.drop('bob');
    assert.equal(set.claimedBy(id(1)), 'ann', 'the claims of another stay');
    assert.equal(set.release('ann', id(1)), true);
    assert.equal(set.release('ann', id(1)), false);
  });
});
