import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  CommonwareSession,
  encodeMessage,
  IntervalSet,
  locate,
  MIN_MESSAGE_BYTES,
  Reply,
  readMessage,
} from '../../../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import { EVERYTHING, type Interval } from '../../../../../src/protocol/reconcile/index.ts';
import { DEFAULT_SESSION_LIMITS } from '../../../../../src/protocol/reconcile/options.ts';
import { type Bound, INFINITE_BOUND, ZERO_BOUND } from '../../../../../src/store/index.ts';
import { assertProperty } from '../../../../support/property.ts';
import { wideSum } from '../../../../support/wide-sum.ts';
import { run, snapshotOf } from './vectors.ts';

const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });
const from = (lower: number, upper: number): Interval => ({ lower: at(lower), upper: at(upper) });

const everything = { interval: EVERYTHING, whole: true };

describe('IntervalSet', () => {
  it('covers exactly the added intervals, and merges touching ones', () => {
    const span = fc
      .tuple(fc.nat({ max: 20 }), fc.integer({ min: 1, max: 6 }))
      .map(([lower, length]) => [lower, lower + length] as const);
    assertProperty(
      fc.property(fc.array(span, { maxLength: 8 }), (spans) => {
        const set = new IntervalSet();
        const cells = new Array<boolean>(30).fill(false);
        for (const [lower, upper] of spans) {
          set.add(from(lower, upper));
          cells.fill(true, lower, upper);
        }
        const runs = cells.filter((cell, i) => cell && !cells[i - 1]).length;
        assert.equal(set.size, runs);
        for (let lower = 0; lower < 27; lower++) {
          for (let upper = lower + 1; upper < 29; upper++) {
            const whole = cells.slice(lower, upper).every((cell) => cell);
            assert.equal(set.covers(from(lower, upper)), whole, `${lower} to ${upper}`);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps no frame in memory for a bound that was read from it', () => {
    const id = new Uint8Array(32).fill(5);
    const set = new IntervalSet();
    set.add({ lower: { hint: 1n, id }, upper: at(9) });
    id.fill(0);
    assert.equal(set.covers({ lower: { hint: 1n, id }, upper: at(9) }), false);
    assert.equal(set.covers(from(2, 9)), true);
  });
});

describe('the ranges of a message', () => {
  const skip = (upper: Bound): MessageRange => ({ mode: 'skip', upper });

  it('each begin where the one before ends, the first at zero', () => {
    const located = [...locate([skip(at(3)), skip(at(4)), skip(INFINITE_BOUND)])];
    assert.deepEqual(
      located.map(({ lower }) => lower),
      [ZERO_BOUND, at(3), at(4)],
    );
  });

  it('are refused when they are empty, do not increase, or stop short', () => {
    for (const [ranges, says] of [
      [[], /no ranges/],
      [[at(3)], /stop short/],
      [[at(3), at(3), INFINITE_BOUND], /do not increase/],
      [[at(3), at(2), INFINITE_BOUND], /do not increase/],
      [[ZERO_BOUND, INFINITE_BOUND], /do not increase/],
      [[INFINITE_BOUND, INFINITE_BOUND], /do not increase/],
    ] as const) {
      assert.throws(() => [...locate(ranges.map(skip))], {
        code: 'MALFORMED_FRAME',
        message: says,
      });
    }
  });
});

describe('Reply', () => {
  const longest: Bound = { hint: 2n ** 64n - 2n, id: new Uint8Array(32).fill(255) };
  const print = new Uint8Array(32);

  it('fits as much as it has room for, with the longest bounds, and no more', () => {
    for (const skips of [false, true]) {
      for (let maxBytes = MIN_MESSAGE_BYTES; maxBytes < MIN_MESSAGE_BYTES + 40; maxBytes++) {
        const reply = new Reply(maxBytes);
        if (skips) reply.skip(longest);
        const room = reply.roomForIds;
        assert.equal(reply.fitsFingerprint, true);
        assert.ok(room > 20, 'most of it is for ids');
        reply.list({ lower: ZERO_BOUND, upper: longest }, Array(room).fill(print));
        assert.ok(reply.roomForIds < 1);
        reply.skip(longest);
        reply.fingerprint(INFINITE_BOUND, print);
        const { length } = reply.encode();
        assert.ok(length <= maxBytes, `${length} of ${maxBytes}`);
        assert.ok(maxBytes - length < 120, 'and little is left');
      }
    }
  });

  it('takes fingerprints until no other one fits', () => {
    for (let maxBytes = MIN_MESSAGE_BYTES; maxBytes < MIN_MESSAGE_BYTES + 90; maxBytes++) {
      const reply = new Reply(maxBytes);
      while (reply.fitsFingerprint) {
        reply.fingerprint(longest, print);
        assert.ok(reply.encode().length <= maxBytes);
      }
      assert.ok(reply.encode().length > maxBytes - 3 * 80, 'it is full');
    }
  });

  it('merges skips, and is empty as long as it holds nothing else', () => {
    const reply = new Reply(MIN_MESSAGE_BYTES);
    for (const hint of [3, 5]) reply.skip(at(hint));
    assert.equal(reply.silent, true);
    reply.fingerprint(at(9), print);
    assert.equal(reply.silent, false);
    reply.skip(INFINITE_BOUND);
    const said = [...readMessage(reply.encode(), { maxBytes: MIN_MESSAGE_BYTES })];
    assert.deepEqual(
      said.map(({ mode, upper }) => [mode, upper]),
      [
        ['skip', at(5)],
        ['fingerprint', at(9)],
        ['skip', INFINITE_BOUND],
      ],
    );
    assert.deepEqual([reply.cutAt, reply.listed], [null, []]);
  });

  it('remembers the bounds of lists alone, and neighbours as one interval', () => {
    const reply = new Reply(MIN_MESSAGE_BYTES);
    const [one, two, three, four] = [at(1), at(2), at(3), at(4)];
    const listed = (lower: Bound, upper: Bound) =>
      reply.list({ mode: 'fingerprint', lower, upper, fingerprint: print } as Interval, []);
    listed(ZERO_BOUND, one);
    listed(one, two);
    reply.skip(three);
    listed(three, four);
    assert.deepEqual(reply.listed, [
      { lower: ZERO_BOUND, upper: two },
      { lower: three, upper: four },
    ]);
  });
});

describe('intervals that a session has listed', () => {
  const [second, fourth] = [at(1_000_020), at(1_000_040)];
  const skip = (upper: Bound): MessageRange => ({ mode: 'skip', upper });
  const other = (upper: Bound): MessageRange => ({
    mode: 'fingerprint',
    upper,
    fingerprint: new Uint8Array(32).fill(9),
  });
  const nothing = (upper: Bound): MessageRange => ({ mode: 'list', upper, ids: new Uint8Array(0) });

  it('are not listed again; with one more than it remembers it knows those of the latest', () => {
    for (const [maxIntervals, again] of [
      [3, 0],
      [2, 1],
    ] as const) {
      const session = new CommonwareSession({
        role: 'responder',
        snapshot: snapshotOf(run(0, 6), wideSum),
        limits: DEFAULT_SESSION_LIMITS,
        branchingFactor: 16,
        maxIntervals,
        ...everything,
      });
      session.start();
      const lists = (...ranges: MessageRange[]): number => {
        const [frame] = session.receive(encodeMessage(ranges)).frames;
        const said = [...readMessage(frame!, { maxBytes: 1 << 20 })];
        return said.filter(({ mode }) => mode === 'list').length;
      };
      assert.equal(lists(other(second), skip(fourth), other(INFINITE_BOUND)), 2);
      assert.equal(lists(skip(second), other(fourth), skip(INFINITE_BOUND)), 1);
      const asked = [nothing(second), other(fourth), skip(INFINITE_BOUND)];
      assert.equal(lists(...asked), 1 + again, `of ${maxIntervals} remembered`);
    }
  });
});

describe('a message that is full', () => {
  it('settles nothing behind the last range that fitted, in either role', () => {
    const other = new Uint8Array(32).fill(9);
    const asked: MessageRange[] = Array.from({ length: 200 }, (_, i) => ({
      mode: 'fingerprint',
      upper: at(i + 1),
      fingerprint: other,
    }));
    const told: MessageRange[] = asked.map(({ upper }) => ({ mode: 'list', upper, ids: other }));
    for (const [role, ranges] of [
      ['initiator', asked],
      ['responder', asked],
      ['initiator', told],
    ] as const) {
      const snapshot = snapshotOf(run(0, 6), wideSum);
      const limits = { ...DEFAULT_SESSION_LIMITS, maxMessageBytes: MIN_MESSAGE_BYTES };
      const session = new CommonwareSession({
        role,
        snapshot,
        limits,
        branchingFactor: 16,
        ...everything,
      });
      session.start();
      const frame = encodeMessage([...ranges, { mode: 'skip', upper: INFINITE_BOUND }]);
      const { frames, missing } = session.receive(frame);
      assert.ok(frames[0]!.length <= MIN_MESSAGE_BYTES);
      const said = [...readMessage(frames[0]!, { maxBytes: MIN_MESSAGE_BYTES })];
      const lists = said.slice(0, -1);
      assert.ok(lists.length < 200, 'not all of them fit');
      lists.forEach(({ mode, upper }, i) => {
        assert.deepEqual([mode, upper], ['list', at(i + 1)], 'range by range');
      });
      const last = said.at(-1)!;
      assert.deepEqual([last.mode, last.upper], ['fingerprint', INFINITE_BOUND], 'of the rest');
      assert.equal(missing.length, ranges === told ? 1 : 0, 'lists are read to the end');
    }
  });
});
