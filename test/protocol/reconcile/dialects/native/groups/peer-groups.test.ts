import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PeerGroup } from '../../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import { sumsOf } from '../../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import { prefixesOf } from '../../../../../../src/protocol/reconcile/dialects/native/groups/testing.ts';
import { BUCKETS, MAX_SYMBOLS } from '../../../../../../src/store/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { malformed, tagsOf } from '../puppet.ts';
import { PeerBench, rangeOf } from './group-bench.ts';

const random = new SeededRandom('peer groups');
const all = keysOf(6, 400);
const NONE = new Uint8Array(0);

describe("a group of the peer's", () => {
  it('is held from when it comes until it is settled: as many as maxGroups, not one more', () => {
    const bench = new PeerBench({ keys: all, limits: { maxGroups: 2 } });
    const add = () => bench.peers.probe([rangeOf(0, 5)], { tag: 'probe', count: 5, sums: NONE });
    add();
    add();
    assert.throws(add, malformed(/more than 2 groups \(maxGroups\)/), 'a third is refused');
    bench.peers.drop(groupOf(bench, 0, 5));
    assert.doesNotThrow(add, 'a settled group gives its place back');
    assert.throws(add, malformed(/more than 2 groups/));
  });

  it('counts our own items against maxHeldItems, to the last, and gives them back', () => {
    const bench = new PeerBench({ keys: all, limits: { maxHeldItems: 100 } });
    const add = (items: number) => () =>
      bench.peers.probe([rangeOf(0, items - 1), rangeOf(0, 1)], {
        tag: 'probe',
        count: 5,
        sums: NONE,
      });
    add(60)();
    assert.throws(add(41), malformed(/100 items \(maxHeldItems\)/));
    add(40)();
    assert.throws(add(1), malformed(/100 items/));
    bench.peers.drop(groupOf(bench, 0, 60));
    assert.throws(add(61), malformed(/100 items/));
    assert.doesNotThrow(add(60), 'the items of a settled group are given back');
    assert.throws(
      () => new PeerBench({ keys: all, limits: { maxHeldItems: 8 } }).list(NONE, 8),
      malformed(/8 items/),
    );
    new PeerBench({ keys: all, limits: { maxHeldItems: 9 } }).list(NONE, 8);
  });

  it('gives back its place and its items when it is answered, again and again', () => {
    const bench = new PeerBench({ keys: all, limits: { maxGroups: 1, maxHeldItems: 400 } });
    for (let round = 0; round < 3; round++) {
      bench.sketch(all, 3);
      assert.equal(bench.peers.open, 1);
      assert.deepEqual(tagsOf(bench.work()), ['found']);
      assert.equal(bench.peers.open, 0, 'a group in which nothing differs is settled at once');
      const { shorts } = bench.group(all.slice(0, 8));
      bench.list(prefixesOf(shorts, 4), 4, true, [rangeOf(0, 8)]);
      assert.deepEqual(tagsOf(bench.work()), ['match']);
      assert.deepEqual([...bench.peers.ranges()], []);
    }
  });

  it('has 1 to 4,095 symbols', () => {
    for (const [symbols, fits] of [
      [0, false],
      [1, true],
      [MAX_SYMBOLS, true],
      [MAX_SYMBOLS + 1, false],
    ] as const) {
      const bench = new PeerBench({ keys: all });
      const sketch = () =>
        bench.peers.sketch([rangeOf(0, 9)], {
          tag: 'sketch',
          count: 9,
          sums: random.bytes(32),
          symbols: new Uint8Array(8 * symbols),
        });
      if (fits) sketch();
      else assert.throws(sketch, malformed(/1 to 4095 symbols/));
    }
  });

  it('is asked for more symbols until they decode, takes no more than those, and none at all', () => {
    const theirs = all.slice(30);
    const bench = new PeerBench({ keys: all });
    const group = bench.sketch(theirs, 16);
    const [more] = bench.work();
    assert.equal(more?.tag, 'more');
    const due = (more as { symbols: number }).symbols;
    const thought = bench.predictor.expect(400);
    assert.ok(thought !== null && thought > 0);
    const unasked = malformed(/symbols that were not asked for/);
    assert.throws(() => bench.symbols(NONE), unasked);
    assert.throws(() => bench.symbols(group.symbolBytes(16, 17 + due)), unasked);
    bench.symbols(group.symbolBytes(16, 15 + due));
    assert.deepEqual(bench.work(), [], 'one symbol is still due');
    assert.throws(() => bench.symbols(group.symbolBytes(15 + due, 17 + due)), unasked);
    bench.symbols(group.symbolBytes(15 + due, 16 + due));
    const said = bench.work();
    assert.deepEqual(tagsOf(said), ['found', 'give']);
    assert.deepEqual(said[0], {
      tag: 'found',
      group: 0,
      last: true,
      gives: true,
      width: 2,
      prefixes: NONE,
    });
    assert.equal(bench.context.ledger.mine, 30);
    assert.equal(bench.predictor.expect(400), thought, 'a group predicts once');
    assert.throws(() => bench.symbols(random.bytes(8)), malformed(/not open/));
  });

  it('is asked for what it lacks, is open until the last of that came, and takes each id once', () => {
    const ours = all.slice(4);
    const bench = new PeerBench({ keys: ours });
    const asked = malformed(/not hash to a short id that was asked for/);
    bench.sketch(all, 40);
    const early = () => bench.grant(all[0]!.id);
    assert.throws(early, malformed(/ids that were not asked for/));
    const [found, ...rest] = bench.work();
    assert.ok(found?.tag === 'found' && rest.length === 0 && !found.gives);
    assert.equal(found.prefixes.length, 4 * found.width);
    bench.grant(all[1]!.id, false);
    assert.throws(() => bench.grant(all[1]!.id), asked, 'an id is granted once');
    assert.throws(() => bench.grant(all[9]!.id), asked, 'an id that we have was not asked for');
    assert.equal(bench.peers.open, 1);
    bench.grant(Uint8Array.from(Buffer.concat([all[3]!.id, all[0]!.id])), false);
    assert.equal(bench.peers.open, 1, 'the last grant has not come');
    bench.grant(all[2]!.id);
    assert.equal(bench.peers.open, 0);
    assert.equal(bench.context.ledger.theirs, 4);
    assert.equal(bench.predictor.expect(396), 4, 'what differed predicts what will');
    assert.throws(() => bench.grant(all[2]!.id), malformed(/not open/));
  });

  it('is answered in frames that the peer takes, the last record of each kind marked', () => {
    const ours = [...all.slice(0, 50), ...keysOf(7, 45)];
    const bench = new PeerBench({ keys: ours, limits: { maxMessageBytes: 1_024 } });
    bench.sketch([...all.slice(50), ...keysOf(8, 400)], 2_000);
    const said = bench.work();
    const prefixes = said.flatMap((record) =>
      record.tag === 'found'
        ? [
            [
              record.width * Math.floor(1_000 / record.width) - record.prefixes.length,
              record.last,
              record.gives,
            ],
          ]
        : [],
    );
    assert.ok(prefixes.length > 1);
    for (const [room, last, gives] of prefixes.slice(0, -1)) {
      assert.deepEqual([room, last, gives], [0, false, false]);
    }
    assert.deepEqual(prefixes.at(-1)!.slice(1), [true, true]);
    const gives = said.flatMap((record) =>
      record.tag === 'give' ? [[record.ids.length / 32, record.last]] : [],
    );
    assert.equal(
      gives.reduce((sum, [count]) => sum + Number(count), 0),
      95,
    );
    assert.deepEqual(gives.map(([, last]) => last).indexOf(true), gives.length - 1);
    assert.equal(bench.context.ledger.mine, 95);
    assert.equal(bench.peers.open, 1);
  });

  it('whose count does not come out of what was decoded is not believed', () => {
    const bench = new PeerBench({ keys: all.slice(1) });
    bench.sketch(all.slice(0, -1), 40, 400);
    assert.deepEqual(bench.work(), []);
    assert.equal(bench.failed.length, 1, 'one more on their side than there can be');
    const exact = new PeerBench({ keys: all.slice(1) });
    exact.sketch(all.slice(0, -1), 40);
    assert.deepEqual(tagsOf(exact.work()), ['found', 'give']);
  });

  it('fails where it needs more symbols than maxSymbols, or more bytes than a list', () => {
    const said = (differences: number, maxSymbols: number) => {
      const bench = new PeerBench({ keys: all, limits: { maxSymbols } });
      const sums = sumsOff(sumsOf(bench.group(all).buckets, 32), differences);
      const symbols = random.bytes(8 * 16);
      bench.peers.sketch([rangeOf(0, 400)], { tag: 'sketch', count: 400, sums, symbols });
      const records = bench.work();
      assert.equal(bench.failed.length, records.length === 0 ? 1 : 0);
      return records;
    };
    // 85 in a hundred of 1.2 * 100 + 2 * 10 symbols.
    assert.deepEqual(said(100, 4_095), [{ tag: 'more', group: 0, symbols: 119 - 16 }]);
    assert.deepEqual(said(100, 119), [{ tag: 'more', group: 0, symbols: 119 - 16 }]);
    assert.deepEqual(said(100, 118), [], 'a group that needs more than maxSymbols fails');
    // A list of 400 takes the bytes of 250 symbols.
    assert.deepEqual(said(234, 4_095), [{ tag: 'more', group: 0, symbols: 250 }]);
    assert.deepEqual(said(235, 4_095), [], 'a group fails that costs more than a list of all');
  });

  it('that was a probe fails from 48 differences on, and is asked for symbols below', () => {
    const said = (differences: number) => {
      const bench = new PeerBench({ keys: all });
      const sums = sumsOff(sumsOf(bench.group(all).buckets, BUCKETS), differences);
      bench.peers.probe([rangeOf(0, 400)], { tag: 'probe', count: 400, sums });
      const records = bench.work();
      const noted = bench.predictor.expect(400);
      assert.equal(noted, records.length === 0 ? null : differences, 'a surprise predicts nothing');
      return records;
    };
    assert.deepEqual(said(47), [{ tag: 'more', group: 0, symbols: 71 }]);
    assert.deepEqual(said(48), []);
  });
});

describe("a list of the peer's", () => {
  it('comes in parts of one width, and is answered after the last', () => {
    const bench = new PeerBench({ keys: all });
    const { shorts } = bench.group(all.slice(0, 12));
    const entries = prefixesOf(shorts, 4);
    bench.list(entries.subarray(0, 20), 4, false);
    assert.deepEqual(bench.work(), []);
    assert.throws(() => bench.list(NONE, 5), malformed(/a list of two widths/));
    bench.list(entries.subarray(20), 4);
    assert.deepEqual(bench.work(), [
      { tag: 'match', group: 0, gives: false, bits: Uint8Array.of(0, 0b1110) },
    ]);
    assert.equal(bench.peers.open, 1, 'three ids are to be granted');
    bench.list(entries.subarray(0, 16), 4);
    assert.deepEqual(
      tagsOf(bench.work()),
      ['match', 'give'],
      'the next list is a group of its own',
    );
  });

  it('has at most 4,096 entries, in one part or in more', () => {
    for (const width of [4, 32]) {
      const fits = new PeerBench({ keys: all });
      fits.list(random.bytes(width * 4_000), width, false);
      fits.list(random.bytes(width * 96), width, false);
      fits.list(NONE, width);
      const bench = new PeerBench({ keys: all });
      assert.throws(
        () => bench.list(new Uint8Array(width * 4_097), width),
        malformed(/without end/),
      );
      assert.throws(
        () => fits.list(new Uint8Array(width * 4_097), width),
        malformed(/without end/),
      );
    }
  });

  it('is taken as it is if it is of ids, grants nothing, and gives its place back', () => {
    const bench = new PeerBench({ keys: all });
    const ids = Uint8Array.from(Buffer.concat([all[0]!.id, random.bytes(64)]));
    bench.list(ids, 32, true, [rangeOf(0, 2)]);
    const [match, give] = bench.work();
    assert.deepEqual(match, { tag: 'match', group: 0, gives: true, bits: Uint8Array.of(0b110) });
    assert.deepEqual(give, { tag: 'give', group: 0, last: true, ids: all[1]!.id });
    assert.equal(bench.context.ledger.theirs, 2);
    assert.equal(bench.context.ledger.mine, 1);
    assert.equal(bench.peers.open, 0);
  });

  it('stays open until each lacking item is granted', () => {
    const bench = new PeerBench({ keys: all.slice(1) });
    const { shorts } = bench.group(all.slice(0, 9));
    bench.list(prefixesOf(shorts, 4), 4, true, [rangeOf(0, 8)]);
    const [match] = bench.work();
    assert.deepEqual(match, { tag: 'match', group: 0, gives: false, bits: Uint8Array.of(1, 0) });
    assert.equal(bench.peers.open, 1);
    bench.grant(all[0]!.id);
    assert.equal(bench.peers.open, 0);
  });

  it('takes no symbols', () => {
    const bench = new PeerBench({ keys: all });
    bench.list(random.bytes(8), 8);
    assert.throws(
      () => bench.symbols(random.bytes(8)),
      malformed(/symbols that were not asked for/),
    );
  });
});

function groupOf(bench: PeerBench, number: number, items: number): PeerGroup {
  const open = [...bench.peers.ranges()];
  assert.ok(open.length > 0);
  return { number, group: { items, free() {} } } as PeerGroup;
}

/** Sums that are off by so many differences: one that is off by x makes x * x. */
function sumsOff(sums: Uint8Array, differences: number): Uint8Array {
  let left = differences;
  for (let i = 0; left > 0; i++) {
    const x = Math.floor(Math.sqrt(left));
    sums[i]! += x;
    left -= x * x;
  }
  return sums;
}
