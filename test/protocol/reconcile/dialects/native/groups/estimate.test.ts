import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LINKS } from '../../../../../../src/protocol/index.ts';
import {
  expectedPerRange,
  type PeerGroup,
  Predictor,
  sketchBytes,
  sumsOf,
  symbolsFor,
} from '../../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import {
  estimateDifferences,
  estimateFromZeros,
  fewestSymbolsFor,
  isSurprise,
  newGroup,
  symbolsInAll,
} from '../../../../../../src/protocol/reconcile/dialects/native/groups/testing.ts';
import { BUCKETS, INFINITE_BOUND, ZERO_BOUND } from '../../../../../../src/store/index.ts';

const near = (actual: number | null, expected: number) =>
  assert.ok(
    actual !== null && Math.abs(actual - expected) < 1e-9 * Math.max(1, expected),
    `${actual} is not ${expected}`,
  );

describe('estimates of what differs', () => {
  it('take 1.2 d + 3 sqrt(d) symbols for d differences, and 3 for one or none', () => {
    const symbols = [0, 1, 2, 4, 16, 64, 100].map(symbolsFor);
    assert.deepEqual(symbols, [3, 3, 7, 11, 32, 101, 150]);
    assert.equal(sketchBytes(1), 32 + 4 + 3 * 8);
    assert.equal(sketchBytes(64), 32 + 4 + 101 * 8);
  });

  it('sum neighbouring buckets, mod 256', () => {
    const buckets = Int32Array.from({ length: BUCKETS }, (_, i) => i);
    assert.deepEqual([...sumsOf(buckets, 128)], [...buckets]);
    const sums = sumsOf(buckets, 32);
    assert.deepEqual([sums[0], sums[1], sums[31]], [6, 22, (124 + 125 + 126 + 127) & 255]);
    assert.deepEqual(
      [
        ...sumsOf(
          buckets.map(() => -1),
          32,
        ),
      ],
      new Array(32).fill(252),
    );
  });

  it('are squares of signed differences of the sums, whichever side has more', () => {
    const buckets = new Int32Array(BUCKETS);
    buckets[0] = 3;
    buckets[4] = -2;
    buckets[127] = 256;
    const none = new Uint8Array(32);
    assert.equal(estimateDifferences(buckets, none), 9 + 4);
    const theirs = none.slice();
    [theirs[0], theirs[1], theirs[2], theirs[3]] = [1, 255, 128, 127];
    assert.equal(estimateDifferences(buckets, theirs), 4 + 1 + 128 * 128 + 127 * 127);
  });

  it('from zero symbols look at the last block of 32 symbols or more', () => {
    const cells = (symbols: number, zeros: (i: number) => boolean) =>
      Uint32Array.from({ length: 2 * symbols }, (_, at) =>
        zeros(at >>> 1) ? 0 : at % 2 === ((at >>> 1) & 1) ? 1 : 0,
      );
    const guess = (zeros: number, seen: number, block: number) =>
      (-Math.log(Math.max(1, zeros) / seen) * 2 ** block) / 1.61;
    // Blocks end at 1, 3, 7, 15, 31, 63, 127 symbols.
    for (const symbols of [1, 31, 62])
      assert.equal(
        estimateFromZeros(
          cells(symbols, () => false),
          symbols,
        ),
        null,
      );
    near(
      estimateFromZeros(
        cells(63, (i) => i >= 31 && i < 39),
        63,
      ),
      guess(8, 32, 5),
    );
    near(
      estimateFromZeros(
        cells(94, (i) => i < 40),
        94,
      ),
      guess(9, 32, 5),
    );
    near(
      estimateFromZeros(
        cells(95, (i) => i < 64),
        95,
      ),
      guess(1, 32, 6),
    );
    near(
      estimateFromZeros(
        cells(95, (i) => i < 80),
        95,
      ),
      guess(17, 32, 6),
    );
    near(
      estimateFromZeros(
        cells(127, (i) => i < 80),
        127,
      ),
      guess(17, 64, 6),
    );
    near(
      estimateFromZeros(
        cells(95, () => false),
        95,
      ),
      guess(0, 32, 6),
    );
    near(
      estimateFromZeros(
        cells(95, () => true),
        95,
      ),
      0,
    );
  });

  it('grow with the share of ranges that differ by chance, up to four fifths', () => {
    assert.equal(expectedPerRange(10, 9), null);
    assert.equal(expectedPerRange(1, 1), null);
    const mean = Math.log(5);
    near(expectedPerRange(10, 8), mean / 0.8);
    // Four equal ranges tell enough, however many differ.
    assert.equal(expectedPerRange(256, 253), null);
    near(expectedPerRange(256, 252), (Math.log(64) * 64) / 63);
    near(expectedPerRange(16, 8), Math.log(2) / 0.5);
    near(expectedPerRange(1_000, 1), -Math.log(0.999) / 0.001);
  });
});

describe('what other groups held', () => {
  it('predicts as many differences an item, and nothing before there was one', () => {
    const predictor = new Predictor();
    assert.equal(predictor.expect(100), null);
    predictor.note(0, 0);
    assert.equal(predictor.expect(100), null);
    predictor.note(100, 10);
    near(predictor.expect(50), 5);
    predictor.note(300, 10);
    near(predictor.expect(100), 5);
  });

  /** After `groups` groups of 1,000 items, all of them with 100 differences. */
  const after = (groups: number): Predictor => {
    const predictor = new Predictor();
    for (let i = 0; i < groups; i++) predictor.note(1_000, 100);
    return predictor;
  };

  it('does not overrule an estimate that contradicts it', () => {
    // Two standard deviations of 32 sums are half of what is expected.
    const value = (estimate: number) => after(4).refine(1_000, estimate, 32);
    for (const estimate of [48, 0, 152, 5_000]) {
      assert.deepEqual(
        value(estimate),
        { value: estimate, deviation: estimate / 4, sure: false },
        'its own estimate counts',
      );
    }
    for (const estimate of [49, 100, 151]) {
      const { value: refined, deviation, sure } = value(estimate);
      near(refined, 100);
      near(deviation, 25 / 2);
      assert.equal(sure, true);
    }
    // Of 128 sums they are a quarter.
    assert.equal(after(4).refine(1_000, 126, 128).sure, true);
    assert.equal(after(4).refine(1_000, 127, 128).sure, false);
  });

  it('bears an estimate out from the second group on, and more with each', () => {
    assert.deepEqual(after(1).refine(1_000, 100, 32), { value: 100, deviation: 25, sure: false });
    assert.deepEqual(after(0).refine(1_000, 70, 32), { value: 70, deviation: 70 / 4, sure: false });
    near(after(2).refine(1_000, 90, 32).deviation, 25 / Math.SQRT2);
    near(after(9).refine(1_000, 90, 32).deviation, 25 / 3);
  });
});

describe('the symbols that a group is asked for', () => {
  const groupOf = (symbols: number, estimate: number, attempts = 0): PeerGroup => ({
    ...newGroup(0, [], {
      count: 0,
      sums: new Uint8Array(32),
      words: new Uint32Array(2 * symbols),
      form: 'wide',
    }),
    estimate,
    attempts,
  });
  const told = (symbols: number, estimate: number) =>
    symbolsInAll(groupOf(symbols, estimate), new Predictor(), LINKS.lean);

  it('are what an estimate calls for, from 48 differences on a little less', () => {
    assert.equal(told(0, 1), 3 + 3);
    assert.equal(told(0, 47), fewestSymbolsFor(47));
    assert.equal(told(0, 48), Math.ceil(fewestSymbolsFor(48) * 0.85));
    assert.equal(fewestSymbolsFor(100), 120 + 20);
    // Of a group of 100 items others of its like held 60: what they bear out is asked for in full.
    const sure = new Predictor();
    for (let i = 0; i < 4; i++) sure.note(100, 60);
    const range = { lower: ZERO_BOUND, upper: INFINITE_BOUND, begin: 0, end: 100 };
    const sent = {
      count: 100,
      sums: new Uint8Array(32),
      words: new Uint32Array(0),
      form: 'wide',
    } as const;
    const group = { ...newGroup(0, [range], sent), estimate: 61 };
    assert.equal(symbolsInAll(group, sure, LINKS.lean), fewestSymbolsFor(60));
    const allowed = 60 + 2 * Math.sqrt(60) + (60 * 0.25) / 2;
    assert.equal(symbolsInAll(group, sure, LINKS.auto), symbolsFor(allowed));
  });

  it('are more than that where a round trip costs more than symbols', () => {
    const near = (estimate: number) =>
      symbolsInAll(groupOf(0, estimate), new Predictor(), LINKS.auto);
    // Two standard deviations of the number, and one of the estimate.
    assert.equal(near(64), symbolsFor(64 + 16 + 16));
    assert.equal(near(400), symbolsFor(400 + 40 + 100));
  });

  it('are 6 more at least, or a sixteenth more, and twice that with each attempt', () => {
    assert.equal(told(16, 1), 22);
    assert.equal(told(48, 1), 54);
    assert.equal(told(112, 1), 119);
    assert.equal(told(800, 1), 850);
    const near = symbolsInAll(groupOf(800, 1), new Predictor(), LINKS.auto);
    assert.equal(near, 900, 'an eighth more where a round trip is dear');
    // No symbols of 32 that are all zero: nothing differs, so that the step is all.
    const again = groupOf(0, 1, 2);
    assert.equal(symbolsInAll(again, new Predictor(), LINKS.lean), 24);
  });

  it('are what the zeros among those so far call for, and a fifth more, when they were too few', () => {
    // Of the last 64 symbols one is zero.
    const words = Uint32Array.from({ length: 2 * 127 }, (_, at) => (at >>> 1 === 100 ? 0 : 1));
    const peer = { ...groupOf(127, 1, 1), words };
    const differences = (Math.log(64) * 2 ** 6) / 1.61;
    assert.equal(
      symbolsInAll(peer, new Predictor(), LINKS.lean),
      Math.ceil(symbolsFor(differences) * 1.2),
    );
    assert.equal(symbolsInAll({ ...peer, attempts: 0 }, new Predictor(), LINKS.lean), 127 + 7);
  });

  it('are more than a group that is a surprise gets: 48 differences, and 8 for each of few symbols', () => {
    for (const [symbols, estimate, surprise] of [
      [0, 47, false],
      [0, 48, true],
      [5, 48, true],
      [6, 48, false],
      [6, 49, true],
      [15, 120, false],
      [15, 121, true],
      [16, 5_000, false],
    ] as const) {
      assert.equal(
        isSurprise(groupOf(symbols, estimate)),
        surprise,
        `${symbols} symbols, ${estimate}`,
      );
    }
  });
});
