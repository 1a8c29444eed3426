import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { negentropy } from '../../../../../src/protocol/index.ts';
import { negentropyDialect } from '../../../../../src/protocol/reconcile/dialects/negentropy/index.ts';
import {
  fingerprintOf,
  MessageReader,
} from '../../../../../src/protocol/reconcile/dialects/negentropy/testing.ts';
import {
  equalBytes,
  type ItemKey,
  lthashReference,
  type Snapshot,
  SortedVector,
} from '../../../../../src/store/index.ts';
import { converse, lacking, sorted } from '../../../../conformance/dialect.ts';
import { keysOf, pairOf, pairs } from '../../../../conformance/pairs.ts';
import { assertProperty } from '../../../../support/property.ts';
import { flat } from './storages.ts';

type Sides = readonly [a: ItemKey[], b: ItemKey[]];

function talk([a, b]: Sides, capA: number, capB: number, overflow: 'correct' | 'reference') {
  const dialect = negentropyDialect(overflow);
  const open = (role: 'initiator' | 'responder', keys: ItemKey[], maxMessageBytes: number) =>
    dialect.session({ role, snapshot: flat(keys), limits: { maxMessageBytes } });
  return converse(open('initiator', a, capA), open('responder', b, capB), 5_000);
}

/** Whether each fingerprint of a frame is that of the keys between its bounds. */
function isTrue(frame: Uint8Array, keys: Snapshot): boolean {
  const reader = new MessageReader(frame, { maxBytes: frame.length });
  let begin = 0;
  let said = true;
  while (!reader.done) {
    const range = reader.range();
    const end = keys.lowerBound(range.upper);
    if (range.mode === 'fingerprint') {
      said &&= equalBytes(range.fingerprint, fingerprintOf(keys, begin, end));
    }
    begin = end;
  }
  return said;
}

const all = keysOf(4, 20_000);
const scattered: Sides = [all.filter((_, i) => i % 40 !== 7), all.filter((_, i) => i % 40 !== 23)];

describe('negentropy under a frame size limit', () => {
  it('finds scattered differences for not many more bytes than without', () => {
    const total = (cap: number) => {
      const { frames, have, missing } = talk(scattered, cap, cap, 'correct');
      assert.deepEqual(sorted(have), lacking(scattered[1], scattered[0]));
      assert.deepEqual(sorted(missing.initiator), lacking(...scattered));
      return frames.reduce((sum, { frame }) => sum + frame.length, 0);
    };
    const whole = total(0);
    for (const [cap, times] of [
      [4_096, 3.5],
      [60_000, 1.5],
    ] as const) {
      const capped = total(cap);
      assert.ok(capped < times * whole, `${capped} bytes under ${cap}, ${whole} without`);
    }
  });

  it('sends no fingerprint that does not speak of its whole range, as the reference does', () => {
    const [a, b] = scattered.map(flat) as [Snapshot, Snapshot];
    const untrue = (overflow: 'correct' | 'reference') => {
      const { frames } = talk(scattered, 4_096, 4_096, overflow);
      return frames.filter(({ from, frame }) => !isTrue(frame, from === 'initiator' ? a : b))
        .length;
    };
    assert.equal(untrue('correct'), 0);
    assert.ok(untrue('reference') > 0);
  });

  it('ends exactly however each side is limited, with the overflow of the reference too', () => {
    const cap = fc.constantFrom(0, 4_096, 5_000, 60_000);
    const overflow = fc.constantFrom('correct' as const, 'reference' as const);
    assertProperty(
      fc.property(pairs, cap, cap, overflow, (spec, capA, capB, rule) => {
        const { a, b } = pairOf({ ...spec, moved: false });
        const { have, missing, frames } = talk([a, b], capA, capB, rule);
        assert.deepEqual([sorted(have), sorted(missing.initiator)], [lacking(b, a), lacking(a, b)]);
        for (const { from, frame } of frames) {
          const limit = from === 'initiator' ? capA : capB;
          assert.ok(limit === 0 || frame.length <= limit);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('sends all of a large set in as few frames as may be', () => {
    const { frames, missing } = talk([[], all], 60_000, 60_000, 'correct');
    assert.deepEqual(sorted(missing.initiator), lacking([], all));
    const bytes = frames.reduce((sum, { frame }) => sum + frame.length, 0);
    assert.ok(bytes < 1.01 * 32 * all.length, `${bytes}`);
    assert.ok(frames.length <= 2 * Math.ceil((32 * all.length) / 59_700), `${frames.length}`);
  });

  it('puts off what is too much work for one frame', () => {
    const limits = { maxVisitedItems: 1_024 };
    const { have, missing } = converse(
      negentropy.session({ role: 'initiator', snapshot: flat(scattered[0]), limits }),
      negentropy.session({ role: 'responder', snapshot: flat(scattered[1]), limits }),
      5_000,
    );
    assert.deepEqual(sorted(have), lacking(scattered[1], scattered[0]));
    assert.deepEqual(sorted(missing.initiator), lacking(...scattered));
  });
});

describe('negentropy limits', () => {
  it('refuse a frame size limit from 1 to 4095, as the reference does', () => {
    const open = (maxMessageBytes: number) =>
      negentropy.session({ role: 'initiator', snapshot: flat([]), limits: { maxMessageBytes } });
    for (const bad of [1, 4_095, -1, Number.NaN])
      assert.throws(() => open(bad), { code: 'INVALID_LIMIT' });
    for (const good of [0, 4_096]) open(good);
    assert.throws(
      () =>
        negentropy.session({
          role: 'initiator',
          snapshot: flat([]),
          limits: { maxVisitedItems: 10 },
        }),
      { code: 'INVALID_LIMIT' },
    );
  });

  it('refuse a set under another scheme', () => {
    const snapshot = new SortedVector({ scheme: lthashReference }).snapshot();
    assert.throws(() => negentropy.session({ role: 'initiator', snapshot }), /lthash makes 32/);
  });
});
