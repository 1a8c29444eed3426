import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prefixesOf } from '../../../../../../src/protocol/reconcile/dialects/native/groups/testing.ts';
import { MAX_SYMBOLS } from '../../../../../../src/store/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { assertSame, malformed, perform } from '../puppet.ts';
import { OwnBench } from './group-bench.ts';

const random = new SeededRandom('own groups');
const keys = keysOf(5, 60);
const NONE = new Uint8Array(0);

describe('a group of ours', () => {
  it('holds its weight from when it is sent until it is settled, twice in a row', () => {
    const bench = new OwnBench({ keys });
    for (const group of [0, 2]) {
      bench.add(0, 10, 16, 25);
      bench.add(10, 20, 16, 7);
      assert.deepEqual(bench.state, [2, 32]);
      bench.found(NONE, { group });
      assert.deepEqual(bench.state, [1, 7], 'a settled group gives back what it held');
      assert.equal(bench.own.failed(group + 1).length, 1);
      assert.deepEqual(bench.state, [0, 0], 'a failed group gives back what it held');
      assert.deepEqual([...bench.own.ranges()], []);
    }
  });

  it('is open until what the peer gives has come, and what it lacks was granted', () => {
    const bench = new OwnBench({ keys });
    const { shorts } = bench.add(0, 10, 16);
    bench.found(prefixesOf(shorts.subarray(0, 2), 8), { gives: true });
    assert.equal(bench.own.open, 1);
    const [grant] = bench.work();
    assert.deepEqual(grant, { tag: 'grant', group: 0, last: true, ids: keys[0]!.id });
    assert.equal(bench.own.open, 1, 'ids of the peer are still to come');
    bench.give(random.bytes(32), false);
    assert.equal(bench.own.open, 1, 'it said that more would come');
    bench.give(random.bytes(64), true);
    assert.deepEqual(bench.state, [0, 0]);
    const { mine, theirs } = bench.context.ledger;
    assert.deepEqual([mine, theirs], [1, 3]);
    assert.equal(bench.predictor.expect(10), 4, 'what differed predicts what will');
  });

  it('may be said to lack as many as it got symbols, and not one more', () => {
    for (const [first, second, fits] of [
      [16, 0, true],
      [17, 0, false],
      [8, 8, true],
      [8, 9, false],
    ] as const) {
      const bench = new OwnBench({ keys });
      bench.add(0, 60, 16);
      const say = () => {
        bench.found(random.bytes(8 * first), { last: second === 0 });
        if (second > 0) bench.found(random.bytes(8 * second));
      };
      if (fits) say();
      else
        assert.throws(say, malformed(/more differences than symbols/), 'more than it got symbols');
    }
  });

  it('counts symbols that were sent on demand among those it got', () => {
    const bench = new OwnBench({ keys });
    bench.add(0, 60, 16);
    bench.own.more(0, 4);
    bench.work();
    bench.found(random.bytes(8 * 20));
    assert.deepEqual(bench.work(), [{ tag: 'grant', group: 0, last: true, ids: NONE }]);
    assert.equal(bench.own.open, 0);
  });

  it('has at most 4,095 symbols, however they are asked for', () => {
    for (const sent of [1, 16]) {
      const bench = new OwnBench({ keys });
      bench.add(0, 60, sent);
      const most = MAX_SYMBOLS - sent;
      assert.throws(() => bench.own.more(0, most + 1), malformed(/at most 4095 symbols/));
      bench.own.more(0, most);
      const symbols = bench
        .work()
        .map((record) => (record.tag === 'symbols' ? record.symbols : NONE));
      assert.equal(
        symbols.reduce((sum, { length }) => sum + length, 0),
        8 * most,
      );
      assert.throws(() => bench.own.more(0, 1), malformed(/at most 4095 symbols/));
    }
  });

  it('sends symbols in frames of the size the peer takes, in order and each once', () => {
    const whole = new OwnBench({ keys });
    const group = whole.add(0, 60, 1);
    perform(whole.context, group.prepare(whole.context, 500));
    const bench = new OwnBench({ keys, limits: { maxMessageBytes: 1_024 } });
    bench.add(0, 60, 1);
    bench.own.more(0, 499);
    const parts = bench.work().map((record) => (record.tag === 'symbols' ? record.symbols : NONE));
    assertSame(Buffer.concat(parts), group.symbolBytes(1, 500), 'the symbols in order');
    assert.deepEqual(
      parts.map(({ length }) => length / 8),
      [125, 125, 125, 124],
    );
  });

  it('fills the frame in the making where there is room worth it, and begins another where not', () => {
    const fill = ({ context: { outbox } }: OwnBench, room: number) => {
      const entries = new Uint8Array(8 * Math.floor((1_020 - room) / 8));
      outbox.push({ tag: 'list', last: true, width: 8, entries });
      while (outbox.room > room) outbox.push({ tag: 'all' });
      assert.equal(outbox.room, room);
    };
    const limits = { maxMessageBytes: 1_024 };
    for (const [room, first] of [
      [201, 22],
      [200, 125],
    ] as const) {
      const bench = new OwnBench({ keys, limits });
      bench.add(0, 60, 1);
      bench.own.more(0, 200);
      fill(bench, room);
      const [symbols] = bench.work().filter(({ tag }) => tag === 'symbols');
      assert.equal(symbols?.tag === 'symbols' && symbols.symbols.length / 8, first);
    }
    for (const [room, first] of [
      [280, 8],
      [279, 31],
    ] as const) {
      const bench = new OwnBench({ keys, limits });
      const { shorts } = bench.add(0, 60, 64);
      bench.found(prefixesOf(shorts, 8));
      fill(bench, room);
      const [grant] = bench.work().filter(({ tag }) => tag === 'grant');
      assert.equal(grant?.tag === 'grant' && grant.ids.length / 32, first);
    }
  });

  it('is answered once, and not while symbols are on their way', () => {
    const out = malformed(/answered twice|out of turn|too late|not open/);
    const late = new OwnBench({ keys });
    late.add(0, 60, 16);
    late.own.more(0, 1);
    assert.throws(() => late.found(NONE), out);
    assert.throws(() => late.own.more(0, 1), out);
    assert.throws(() => late.own.failed(0), out);
    late.work();
    late.found(random.bytes(8));
    for (const again of [
      () => late.found(NONE),
      () => late.own.more(0, 1),
      () => late.own.failed(0),
    ]) {
      assert.throws(again, out);
    }
    late.work();
    assert.throws(() => late.found(NONE), out);
    const bench = new OwnBench({ keys });
    bench.add(0, 60, 16);
    bench.found(NONE, { gives: true });
    assert.throws(() => bench.own.failed(0), out, 'also while ids of the peer are to come');
    assert.throws(() => bench.found(NONE), out);
  });

  it('takes no ids before it is answered, none that were not announced, none after the last', () => {
    const unasked = malformed(/ids that were not announced/);
    const bench = new OwnBench({ keys });
    bench.add(0, 60, 16);
    assert.throws(() => bench.give(random.bytes(32), true), unasked);
    bench.found(random.bytes(8), { last: false, gives: true });
    assert.throws(() => bench.give(random.bytes(32), true), unasked);
    bench.found(random.bytes(8));
    assert.throws(() => bench.give(random.bytes(32), true), unasked);
    const giving = new OwnBench({ keys });
    giving.add(0, 60, 16);
    giving.found(random.bytes(8), { gives: true });
    giving.give(random.bytes(32), true);
    assert.throws(() => giving.give(random.bytes(32), true), unasked);
  });

  it('grants what was asked for over several records, in frames that the peer takes', () => {
    const bench = new OwnBench({ keys, limits: { maxMessageBytes: 1_024 } });
    const { shorts } = bench.add(0, 60, 64);
    bench.found(prefixesOf(shorts.subarray(0, 40), 8), { last: false });
    assert.deepEqual(bench.work(), [], 'nothing is granted before all was said');
    bench.found(prefixesOf(shorts.subarray(40, 90), 8));
    const grants = bench.work().map((record) => (record.tag === 'grant' ? record : assert.fail()));
    assert.deepEqual(Buffer.concat(grants.map(({ ids }) => ids)), idsOf(0, 45));
    assert.deepEqual(
      grants.map(({ ids, last }) => [ids.length / 32, last]),
      [
        [31, false],
        [14, true],
      ],
    );
    assert.equal(bench.context.ledger.mine, 45);
    assert.deepEqual(bench.state, [0, 0]);
  });
});

describe('a list of ours', () => {
  it('is answered by a bit for each entry, and grants those that are set, none past the last', () => {
    for (const bits of [[], [0], [0, 0, 0]]) {
      const bench = new OwnBench({ keys });
      bench.add(0, 9, 'list');
      assert.throws(() => bench.match(bits), malformed(/a bit for each entry/));
    }
    const bench = new OwnBench({ keys });
    bench.add(0, 9, 'list');
    assert.deepEqual(bench.match([0b10000001, 0xff]), [
      {
        tag: 'grant',
        group: 0,
        last: true,
        ids: Uint8Array.from(Buffer.concat([idsOf(0, 1), idsOf(7, 9)])),
      },
    ]);
    assert.deepEqual(bench.state, [0, 0]);
    assert.equal(bench.context.ledger.mine, 3);
    assert.equal(bench.predictor.expect(1), null, 'lists predict nothing');
  });

  it('that lacks nothing is settled at once, or when what the peer gives has come', () => {
    const bench = new OwnBench({ keys });
    bench.add(0, 8, 'list');
    assert.deepEqual(bench.match([0]), []);
    assert.equal(bench.own.open, 0);
    const giving = new OwnBench({ keys });
    giving.add(0, 8, 'list');
    assert.deepEqual(giving.match([0], true), []);
    assert.equal(giving.own.open, 1);
    giving.give(random.bytes(32), true);
    assert.equal(giving.own.open, 0);
  });

  it('grants nothing if it is of ids, and counts the items that the peer lacked', () => {
    const bench = new OwnBench({ keys });
    bench.add(0, 9, 'ids');
    assert.deepEqual(bench.match([0b11, 1]), []);
    assert.equal(bench.context.ledger.mine, 3);
    assert.deepEqual(bench.state, [0, 0]);
  });

  it('cannot be answered as symbols are, nor symbols as a list, nor either twice', () => {
    const bench = new OwnBench({ keys });
    bench.add(0, 9, 'list');
    assert.throws(() => bench.found(NONE), malformed(/answered twice/));
    assert.throws(() => bench.own.more(0, 1), malformed(/out of turn/));
    assert.throws(() => bench.own.failed(0), malformed(/too late/));
    bench.match([0, 0], true);
    assert.throws(() => bench.match([0, 0]), malformed(/answered twice/));
    const symbols = new OwnBench({ keys });
    symbols.add(0, 9, 16);
    assert.throws(() => symbols.match([0, 0]), malformed(/answered twice/));
  });
});

function idsOf(begin: number, end: number): Buffer {
  return Buffer.concat(keys.slice(begin, end).map(({ id }) => id));
}
