import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rangeDigest } from '../../../../../../src/protocol/reconcile/dialects/native/session/testing.ts';
import { compareBounds, type Snapshot } from '../../../../../../src/store/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { inShort, Judge, type JudgeInit } from '../judge.ts';
import { perform } from '../puppet.ts';
import { snapshotOf } from '../support.ts';

const keys = keysOf(15, 900);
const judge = (init: Partial<JudgeInit> = {}) => new Judge({ keys, ...init });

describe('groups of several ranges', () => {
  /** Five ranges of 20 items, each thought to hold so many differences. */
  const grouped = (init: Partial<JudgeInit>, each = 1) => {
    const one = judge(init);
    one.predictor.note(200, 10 * each);
    const ranges = [0, 1, 2, 3, 4].map((i) => one.range(20 * i, 20 * i + 20, 20));
    return inShort(one.compare(...ranges)).filter((said) => said.startsWith('sketch'));
  };

  it('are full when they are thought to hold groupDifferences, and not before', () => {
    assert.deepEqual(grouped({ limits: { groupDifferences: 2 } }), [
      'sketch 40/7',
      'sketch 40/7',
      'sketch 20/3',
    ]);
    assert.deepEqual(grouped({ limits: { groupDifferences: 3 } }), ['sketch 60/9', 'sketch 40/7']);
  });

  it('are full at maxGroupItems, or at a quarter of what the peer may hold', () => {
    for (const init of [{ limits: { maxGroupItems: 60 } }, { peer: { maxHeldItems: 240 } }]) {
      assert.deepEqual(grouped(init), ['sketch 60/9', 'sketch 40/7']);
    }
    for (const init of [{ limits: { maxGroupItems: 59 } }, { peer: { maxHeldItems: 239 } }]) {
      assert.deepEqual(grouped(init), ['sketch 40/7', 'sketch 40/7', 'sketch 20/3']);
    }
  });

  it('have symbols for one difference in each range at least, and more where counts differ more', () => {
    assert.deepEqual(grouped({}, 0.1), ['sketch 100/13']);
    const one = judge();
    one.predictor.note(600, 1);
    const said = inShort(one.compare(one.range(0, 60, 54), one.range(60, 120, 60)));
    assert.deepEqual(said, ['take 2', 'sketch 120/17']);
    assert.equal(one.own.held, 120, 'the larger side of each range is what it weighs');
    const two = judge();
    assert.match(inShort(two.compare(two.range(0, 100, 105))).at(-1)!, /^sketch 100/);
    assert.equal(two.own.held, 105);
  });

  it('hold one range each where nothing is known', () => {
    const one = judge();
    const ranges = [0, 1].map((i) => one.range(40 * i, 40 * i + 40, 40));
    assert.deepEqual(inShort(one.compare(...ranges)), [
      'take 1',
      'sketch 40/16',
      'take 1',
      'sketch 40/16',
    ]);
  });

  it('have as many symbols as maxSymbols and a frame allow', () => {
    const said = (limits: object, ours: number, theirs: number) => {
      const one = judge({ limits });
      if (ours !== theirs) one.predictor.note(1_000, 1);
      return inShort(one.compare(one.range(0, ours, theirs))).at(-1);
    };
    assert.equal(said({}, 300, 400), 'sketch 300/150');
    assert.equal(said({ maxMessageBytes: 1_024 }, 300, 400), 'sketch 300/120');
    assert.equal(said({ maxMessageBytes: 1_031 }, 300, 400), 'sketch 300/120');
    assert.equal(said({ maxMessageBytes: 1_032 }, 300, 400), 'sketch 300/121');
    assert.equal(said({ maxSymbols: 10 }, 50, 50), 'sketch 50/10');
  });

  it('hold short lists of 256 items together, and one range for a probe', () => {
    const one = judge();
    const ranks = Array.from({ length: 9 }, (_, i): [number, number] => [32 * i, 32 * i + 32]);
    const said = inShort(one.retry(ranks, { count: 32, estimate: 9 }));
    assert.deepEqual(said, ['fail 7: 9', 'take 8', 'list 4x256', 'take 1', 'list 4x32']);
    const two = judge();
    const more: [number, number][] = [...ranks.slice(0, 7), [224, 255], [255, 257]];
    const lists = inShort(two.retry(more, { count: 2, estimate: 9 }));
    assert.deepEqual(lists, ['fail 7: 9', 'take 8', 'list 4x255', 'take 1', 'list 4x2']);
  });

  it('go as lists into frames of the size the peer takes, the last of them marked', () => {
    const records = (density: number) => {
      const one = judge({ limits: { maxMessageBytes: 1_024 } });
      const said = one.retry([[0, 256]], { count: 256, estimate: density * 512 });
      return said.flatMap((record) =>
        record.tag === 'list' ? [[record.entries.length / record.width, record.last]] : [],
      );
    };
    assert.deepEqual(records(0.5), [
      [240, false],
      [16, true],
    ]);
    const ids = records(0.9);
    assert.deepEqual(
      ids.map(([count]) => count),
      [...new Array(8).fill(30), 16],
    );
    assert.deepEqual(ids.filter(([, last]) => last).length, 1);
    // A list that fills its frames to the last entry has no empty one behind it.
    const even = judge({ limits: { maxMessageBytes: 1_024 } });
    const said = even.retry([[0, 240]], { count: 240, estimate: 200 });
    assert.deepEqual(inShort(said).slice(1), ['take 1', 'list 4x240']);
  });
});

describe('groups that wait for others to be settled', () => {
  const three = (init: Partial<JudgeInit>) => {
    const one = judge(init);
    const ranges = [0, 1, 2].map((i) => one.range(40 * i, 40 * i + 40, 40));
    return { one, said: inShort(one.compare(...ranges)) };
  };
  const sketches = (said: string[]) => said.filter((one) => one.startsWith('sketch')).length;

  it('are as many as the lower maxGroups of both sides, at a time', () => {
    for (const [init, most] of [
      [{ limits: { maxGroups: 1 } }, 1],
      [{ peer: { maxGroups: 1 } }, 1],
      [{ limits: { maxGroups: 2 } }, 2],
      [{ peer: { maxGroups: 2 } }, 2],
      [{ limits: { maxGroups: 3 }, peer: { maxGroups: 3 } }, 3],
    ] as [Partial<JudgeInit>, number][]) {
      const { one, said } = three(init);
      assert.equal(sketches(said), most);
      assert.equal(one.waits, most < 3);
      for (let group = 0; one.waits; group++) {
        one.own.failed(group);
        assert.equal(sketches(inShort(one.work())), 1, 'each that is settled makes room for one');
      }
      assert.ok(one.own.open <= most);
    }
  });

  it('hold half of the lower maxHeldItems of both sides, at a time', () => {
    for (const [init, most] of [
      [{ limits: { maxHeldItems: 160 } }, 2],
      [{ peer: { maxHeldItems: 160 } }, 2],
      [{ limits: { maxHeldItems: 239 } }, 2],
      [{ limits: { maxHeldItems: 240 } }, 3],
      [{ peer: { maxHeldItems: 240 } }, 3],
    ] as [Partial<JudgeInit>, number][]) {
      const { one, said } = three(init);
      assert.equal(sketches(said), most);
      for (let group = 0; one.waits; group++) {
        one.own.failed(group);
        assert.equal(sketches(inShort(one.work())), 1);
      }
    }
  });

  it('go one by one where each is more than may be held', () => {
    const one = judge({ limits: { maxHeldItems: 20 } });
    const lists = (said: string[]) => said.filter((record) => record.startsWith('list'));
    for (let group = 0; group < 3; group++) {
      one.verdicts.push({ kind: 'compare', ranges: [one.range(40 * group, 40 * group + 30, 30)] });
      assert.deepEqual(lists(inShort(one.work())), group === 0 ? ['list 4x30'] : []);
      assert.equal(one.waits, group > 0, 'the first need not wait, the next does');
      if (group === 0) continue;
      one.own.match({ tag: 'match', group: group - 1, gives: false, bits: new Uint8Array(4) });
      assert.deepEqual(lists(inShort(one.work())), ['list 4x30']);
    }
  });
});

describe('a range that is sent in full', () => {
  it('goes in pieces that fill the frames, each below its bound, and once', () => {
    const one = judge({ limits: { maxMessageBytes: 1_024, sliceItems: 20 } });
    one.verdicts.push({ kind: 'full', ranges: [one.range(10, 150, 0), one.range(200, 200, 0)] });
    const { said, slices } = perform(one.context, one.verdicts.run());
    const pieces = said.filter((record) => record.tag === 'piece');
    assert.deepEqual(said.filter(({ tag }) => tag === 'all').length, 2);
    assert.ok(slices > 0, 'it lets go of its turn');
    let rank = 10;
    for (const { upper, ids } of pieces.slice(0, -1)) {
      const count = ids.length / 32;
      assert.deepEqual(ids, one.context.snapshot.ids(rank, rank + count));
      rank += count;
      if (upper === null) break;
      assert.ok(compareBounds(upper, { hint: keys[rank]!.hint, id: null }) <= 0);
      assert.ok(upper.hint > keys[rank - 1]!.hint);
    }
    assert.equal(rank, 150);
    assert.deepEqual(pieces.at(-1), { tag: 'piece', upper: null, ids: new Uint8Array(0) });
    assert.deepEqual(
      pieces.slice(1, -2).map(({ ids }) => ids.length / 32),
      new Array(pieces.length - 3).fill(29),
    );
    assert.equal(one.context.ledger.mine, 140);
  });

  it('counts what it reads', () => {
    const one = judge();
    const before = one.context.meter.visited;
    one.compare(one.range(0, 500, 0));
    assert.equal(one.context.meter.visited - before, 500 + 2_048 + 2 * 32);
  });
});

describe('a split with counts', () => {
  const many = keysOf(16, 16 * 513);
  const whole = snapshotOf(many);
  /** The set, with leaves that end where `edgeNear` says. */
  const withEdges = (edgeNear: (rank: number) => number): Snapshot =>
    new Proxy(whole, {
      get(target, name) {
        if (name === 'edgeNear') return edgeNear;
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });

  /** Splits so many items of a set whose leaves end where `edgeNear` says. */
  function cut(items: number, edgeNear: (rank: number) => number) {
    const snapshot = withEdges(edgeNear);
    const limits = { maxRangeItems: 1_000 };
    const one = new Judge({ keys: many, snapshot, limits, version: 2 });
    const [split] = one.compare(one.range(0, items, items));
    assert.ok(split?.tag === 'split');
    for (const [i, { begin, end, upper }] of one.announced.entries()) {
      const { digest, count, upper: said } = split.parts[i]! as (typeof split.parts)[number];
      assert.deepEqual(digest, rangeDigest(one.context, begin, end));
      assert.equal(count, end - begin);
      if (said !== null) assert.deepEqual(said, upper);
    }
    return split.parts.map(({ count }) => count);
  }

  it('moves bounds of parts above 512 items up to edges of leaves near by', () => {
    const three = cut(16 * 513, (rank) => rank - 3);
    assert.deepEqual(three, [510, ...new Array(14).fill(513), 516]);
    const even = new Array(16).fill(513);
    assert.deepEqual(
      cut(16 * 513, () => 700),
      even,
      'two cuts at one edge are none',
    );
    assert.deepEqual(
      cut(16 * 513, (rank) => (rank < 600 ? 0 : rank)),
      even,
      'a part has an item',
    );
    assert.deepEqual(cut(16 * 513, (rank) => (rank === 513 ? 1 : rank))[0], 1);
    assert.deepEqual(
      cut(16 * 513, (rank) => (rank > 7_600 ? 16 * 513 : rank)),
      even,
    );
  });

  it('seeks no edges for parts of 512 items or fewer', () => {
    assert.deepEqual(
      cut(16 * 512, () => assert.fail('edges cost')),
      new Array(16).fill(512),
    );
  });
});
