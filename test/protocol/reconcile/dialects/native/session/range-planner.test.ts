import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LINKS, type SessionLink } from '../../../../../../src/protocol/index.ts';
import { DEFAULT_NATIVE_LIMITS } from '../../../../../../src/protocol/reconcile/dialects/native/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { inShort, Judge, type JudgeInit } from '../judge.ts';
import { perform } from '../puppet.ts';

const keys = keysOf(12, 600);
const judge = (init: Partial<JudgeInit> = {}) => new Judge({ keys, ...init });

describe('answers to ranges of several splits', () => {
  it('follow from all that came together, and come in the order of the ranges', () => {
    const one = judge();
    // Three of four ranges in each half differ: too many for a half alone to tell how much differs.
    const half = (first: number) =>
      [0, 1, 2, 3].map((i) => {
        const at = 40 * (first + i);
        return i === 3 ? one.equal(at, at + 40) : one.range(at, at + 40, 40);
      });
    for (const first of [0, 4]) one.verdicts.push({ kind: 'compare', ranges: half(first) });
    assert.deepEqual(inShort(one.work()), [
      ...['take 3', 'same 1', 'take 3', 'same 1', 'sketch 240/24'],
    ]);
  });
});

describe('ranges that all differ', () => {
  it('make groups of several where bytes are dear, from eight on', () => {
    const said = (ranges: number, link: SessionLink) => {
      const one = judge({ link });
      const asked = Array.from({ length: ranges }, (_, i) => one.range(60 * i, 60 * i + 60, 60));
      return inShort(one.compare(...asked));
    };
    assert.deepEqual(said(8, LINKS.lean), ['take 8', 'sketch 480/37']);
    assert.equal(said(7, LINKS.lean).length, 14, 'a group each');
    assert.equal(said(8, LINKS.auto).length, 16, 'a group each');
  });
});

describe('narrowing by what the link costs', () => {
  const many = keysOf(14, 20_000);
  /** The second of four ranges differs. */
  const answered = (link: SessionLink, size = 5_000) => {
    const one = new Judge({ keys: many, link });
    const ranges = [0, 1, 2, 3].map((i) => {
      const at = size * i;
      return i === 1 ? one.range(at, at + size, size) : one.equal(at, at + size);
    });
    return inShort(one.compare(...ranges));
  };
  const free: SessionLink = { bytesPerMs: Number.POSITIVE_INFINITY, roundTripMs: 0 };

  it('splits a range once more where that costs less than to read it', () => {
    assert.deepEqual(answered(free), ['same 1', 'split 4', 'same 2']);
    assert.deepEqual(answered(LINKS.lean), ['same 1', 'take 1', 'same 2', 'sketch 5000/5']);
    assert.deepEqual(answered(free, 100), ['same 1', 'take 1', 'same 2', 'sketch 100/5']);
  });

  it('announces no more parts than the peer can hold', () => {
    for (const [room, said] of [
      [16, 'cut'],
      [15, 'split 4'],
    ] as const) {
      const one = new Judge({ keys: many, link: free, room });
      const equal = [0, 1, 2, 3].map((i) => one.equal(10 * i, 10 * (i + 1)));
      const answers = inShort(one.compare(...equal, one.range(40, 15_040, 15_000)));
      assert.deepEqual(answers, ['same 4', said]);
    }
  });

  it('reads it where the peer can hold no more ranges', () => {
    const one = new Judge({ keys: many, link: free, room: 1 });
    assert.deepEqual(inShort(one.compare(one.range(0, 10_000, 10_000))), [
      'take 1',
      'sketch 10000/16',
    ]);
  });
});

describe('an answer to a range', () => {
  it('is same where count and digest are, and only there', () => {
    for (const items of [0, 1, 512, 513]) {
      const one = judge();
      const range = one.equal(7, items + 7);
      assert.deepEqual(inShort(one.compare(range)), ['same 1'], `${items} items`);
      const { context } = one;
      const digest =
        items <= 512
          ? context.key.plainDigest(context.snapshot.ids(7, items + 7))
          : context.key.sumDigest(context.snapshot.fingerprint(7, items + 7), items);
      assert.deepEqual(range.digest, digest, 'up to 512 items the ids are digested');
      assert.notEqual(inShort(one.compare({ ...range, theirs: items + 1 }))[0], 'same 1');
      assert.notEqual(inShort(one.compare({ ...range, digest: null }))[0], 'same 1');
    }
  });

  it('says in one record what holds for ranges side by side', () => {
    const one = judge();
    const ranges = [0, 1, 2, 3, 4].map((i) =>
      i === 3 ? one.range(40 * i, 40 * i + 40, 40) : one.equal(40 * i, 40 * i + 40),
    );
    const said = inShort(one.compare(...ranges));
    assert.deepEqual(said, ['same 3', 'take 1', 'same 1', 'sketch 40/5']);
  });

  it('is want where nothing is here, and all where nothing is there', () => {
    const one = judge();
    assert.deepEqual(inShort(one.compare(one.range(20, 20, 5))), ['want 1']);
    assert.equal(one.announced.length, 1, 'what is wanted is announced, for the peer to send');
    const [all, last] = one.compare(one.range(20, 30, 0));
    assert.deepEqual(inShort([all!, last!]), ['all', 'piece 10, the last']);
    assert.equal(one.context.ledger.mine, 10);
    assert.deepEqual(inShort(one.compare(one.range(20, 20, 0))), ['all', 'piece 0, the last']);
  });

  it('is a list while that costs fewer bytes than symbols for 8 differences', () => {
    const one = judge();
    assert.deepEqual(inShort(one.compare(one.range(0, 37, 37))), ['take 1', 'list 4x37']);
    assert.deepEqual(inShort(one.compare(one.range(0, 38, 38))), ['take 1', 'sketch 38/16']);
    assert.deepEqual(inShort(one.compare(one.range(0, 37, null))), ['take 1', 'list 4x37']);
    // One difference takes three symbols, 60 bytes with what goes with them, as a list of 12 does.
    const near = judge();
    near.predictor.note(1_000, 1);
    assert.deepEqual(inShort(near.compare(near.range(0, 11, 11))), ['take 1', 'list 4x11']);
    assert.deepEqual(inShort(near.compare(near.range(0, 12, 12))), ['take 1', 'sketch 12/3']);
    // 60 more there are 60 differences at least.
    assert.deepEqual(inShort(one.compare(one.range(0, 160, 220))), ['take 1', 'list 4x160']);
    assert.deepEqual(inShort(one.compare(one.range(0, 170, 230))), ['take 1', 'sketch 170/16']);
  });

  it('is a list of at most 4,096 items, and of ids from 0.7 differences an item on', () => {
    const many = keysOf(13, 4_200);
    const said = (each: number, items: number) => {
      const one = new Judge({ keys: many });
      one.predictor.note(100, 100 * each);
      return inShort(one.compare(one.range(0, items, items)));
    };
    assert.deepEqual(said(0.8, 4_096), ['take 1', 'list 5x4096']);
    assert.deepEqual(said(0.7, 4_096), ['take 1', 'list 5x4096']);
    assert.match(said(0.7, 4_097)[1]!, /^sketch 4097/);
    // Differences an item here, of both sides' items half as much.
    assert.match(said(1.4, 100)[1]!, /^list 4x/);
    assert.match(said(1.41, 100)[1]!, /^list 32x/);
  });

  it('is a split above maxRangeItems here, or a quarter of what one side may hold there', () => {
    const first = (items: number, theirs: number, limits = {}, peer = {}) => {
      const one = judge({ limits: { maxRangeItems: 100, ...limits }, peer });
      one.predictor.note(1_000, 1);
      return inShort(one.compare(one.range(0, items, theirs))).at(-1);
    };
    assert.match(first(100, 100)!, /^sketch/);
    assert.equal(first(101, 101), 'split 16');
    for (const [ours, theirs] of [
      [{ maxHeldItems: 400 }, {}],
      [{}, { maxHeldItems: 400 }],
    ]) {
      assert.match(first(100, 100, { maxRangeItems: 1_000, ...ours }, theirs)!, /^sketch/);
      assert.equal(first(99, 101, { maxRangeItems: 1_000, ...ours }, theirs), 'split 16');
    }
  });

  it('is a split where more symbols are expected than maxSymbols', () => {
    const last = (maxSymbols: number) => {
      const one = judge({ limits: { maxSymbols } });
      return inShort(one.compare(one.range(0, 400, 364))).at(-1);
    };
    // 36 more here: 36 differences at least, so 62 symbols.
    assert.match(last(62)!, /^sketch/);
    assert.equal(last(61), 'split 16');
  });

  it('splits into 16 parts, or one for each item, down to two items', () => {
    const counts = (items: number) => {
      const one = judge({
        limits: { maxRangeItems: 1, maxSymbols: 1 },
        settles: { ours: true, theirs: false },
      });
      const [split] = one.compare(one.range(0, items, items));
      if (split?.tag !== 'split') return inShort([split!]);
      assert.equal(one.announced.length, split.parts.length);
      assert.deepEqual(
        one.announced.map(({ begin, end }) => end - begin),
        split.parts.map(({ count }) => count),
      );
      assert.deepEqual(one.announced[0]!.lower.hint, keys[0]!.hint);
      assert.deepEqual(split.parts.at(-1)!.upper, null);
      return split.parts.map(({ count }) => count);
    };
    assert.deepEqual(counts(1), ['later 1']);
    assert.deepEqual(counts(2), [1, 1]);
    assert.deepEqual(counts(15), new Array(15).fill(1));
    assert.deepEqual(counts(33), [...new Array(15).fill(2), 3]);
  });

  it('puts off what it would split where the peer lets fewer ranges await it', () => {
    for (const [room, said] of [
      [16, 'split 16'],
      [15, 'later 1'],
    ] as const) {
      const one = judge({ limits: { maxRangeItems: 10 }, room });
      assert.deepEqual(inShort(one.compare(one.range(0, 100, 100))), [said]);
      const off = {
        lower: keys[0]!.hint,
        spent: 'the peer lets 65536 ranges await it (maxRanges)',
      };
      assert.deepEqual(one.off, room < 16 ? [off] : []);
    }
    const few = judge({ limits: { maxRangeItems: 1, maxSymbols: 1 }, room: 3 });
    assert.deepEqual(inShort(few.compare(few.range(0, 100, 100))), ['later 1']);
  });
});

describe('an answer when a budget is spent', () => {
  it('settles one range all the same, and puts the others off', () => {
    const one = judge();
    one.spent = 'everything (limit)';
    const ranges = [0, 1, 2, 3].map((i) => one.range(30 * i, 30 * i + 30, 30));
    assert.deepEqual(inShort(one.compare(...ranges)), ['take 1', 'later 3', 'list 4x30']);
    assert.deepEqual(
      one.off,
      [1, 2, 3].map((i) => ({ lower: keys[30 * i]!.hint, spent: one.spent })),
    );
  });

  it('settles none when one was settled before, in this turn or an earlier one', () => {
    const one = judge();
    one.compare(one.range(0, 30, 30));
    one.spent = 'everything (limit)';
    assert.deepEqual(inShort(one.compare(one.range(30, 60, 30))), ['later 1']);
    const wanted = judge();
    wanted.compare(wanted.range(5, 5, 9));
    wanted.spent = 'everything (limit)';
    assert.deepEqual(inShort(wanted.compare(wanted.range(30, 60, 30))), ['later 1']);
    const all = judge();
    all.compare(all.range(5, 9, 0));
    all.spent = 'everything (limit)';
    assert.deepEqual(inShort(all.compare(all.range(30, 60, 30))), ['later 1']);
  });

  it('goes on to narrow one range until one is settled', () => {
    const one = judge({ limits: { maxRangeItems: 50 } });
    one.spent = 'everything (limit)';
    assert.deepEqual(inShort(one.compare(one.range(0, 100, 100))), ['split 16']);
    const next = [one.range(0, 100, 100), one.range(100, 200, 100)];
    assert.deepEqual(inShort(one.compare(...next)), ['split 16', 'later 1']);
    assert.deepEqual(inShort(one.compare(one.range(0, 30, 30))), ['take 1', 'list 4x30']);
    assert.deepEqual(inShort(one.compare(one.range(0, 30, 30))), ['later 1']);
  });

  it('still says what is the same', () => {
    const one = judge();
    one.spent = 'everything (limit)';
    const ranges = [
      one.equal(0, 30),
      one.range(30, 60, 30),
      one.equal(60, 90),
      one.range(90, 99, 9),
    ];
    assert.deepEqual(inShort(one.compare(...ranges)), [
      'same 1',
      'take 1',
      'same 1',
      'later 1',
      'sketch 30/6',
    ]);
  });
});

describe('an answer where one side settles nothing', () => {
  it('puts off and notes ranges that differ, with the counts of the peer, if this side surveys', () => {
    const one = judge({ settles: { ours: false, theirs: true } });
    const ranges = [
      one.equal(0, 30),
      one.range(30, 60, 25),
      one.range(60, 60, 0),
      one.range(60, 70, null),
    ];
    assert.deepEqual(inShort(one.compare(...ranges)), ['same 1', 'later 3']);
    assert.deepEqual(
      one.parts.map(({ ours, theirs, differs }) => [ours, theirs, differs]),
      [
        [30, 30, false],
        [30, 25, true],
        [0, 0, true],
      ],
    );
    assert.deepEqual(
      one.off.map(({ spent }) => spent),
      [null, null, null],
    );
  });

  it('splits once, and later below two items, if the peer surveys', () => {
    const one = judge({ settles: { ours: true, theirs: false } });
    const ranges = [
      one.equal(0, 9),
      one.range(9, 10, 1),
      one.range(10, 12, 2),
      one.range(12, 12, 5),
    ];
    assert.deepEqual(inShort(one.compare(...ranges)), ['same 1', 'later 1', 'split 2', 'later 1']);
    assert.deepEqual(one.parts, []);
  });
});

describe('what is still to be answered', () => {
  it('is a range that is being sent in full, until all of it was sent', () => {
    const one = judge({ limits: { maxMessageBytes: 1_024 } });
    const lowers = () => [...one.verdicts.unanswered()].map(({ lower }) => lower.hint);
    one.verdicts.push({ kind: 'full', ranges: [one.range(5, 300, 0)] });
    const work = one.verdicts.run();
    assert.equal(work.next().value, 'output');
    assert.deepEqual(lowers(), [keys[5]!.hint]);
    perform(one.context, work);
    assert.deepEqual(lowers(), []);
  });

  it('shrinks range by range, and is nothing at the end', () => {
    const one = judge({ limits: { maxGroups: 1, sliceItems: 1 } });
    const lowers = () => [...one.verdicts.unanswered()].map(({ lower }) => lower.hint);
    const ranges = [0, 1, 2].map((i) => one.range(40 * i, 40 * i + 40, 40));
    one.verdicts.push({ kind: 'compare', ranges });
    one.verdicts.push({ kind: 'full', ranges: [one.range(200, 210, 0)] });
    assert.equal(one.verdicts.idle, false);
    assert.deepEqual(
      lowers(),
      [0, 40, 80, 200].map((rank) => keys[rank]!.hint),
    );
    one.work();
    assert.equal(one.waits, true, 'one group is open, so the next waits');
    assert.deepEqual(
      lowers(),
      [80, 200].map((rank) => keys[rank]!.hint),
    );
    assert.equal(one.verdicts.idle, false);
    for (let group = 0; one.waits; group++) {
      one.own.failed(group);
      one.work();
    }
    assert.deepEqual(lowers(), []);
    assert.equal(one.verdicts.idle, true);
    assert.equal(DEFAULT_NATIVE_LIMITS.maxGroups, 1_024);
  });
});
