import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sessionKey } from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import { type ItemKey, lthash } from '../../../../../src/store/index.ts';
import { converse, lacking, sorted } from '../../../../conformance/dialect.ts';
import { generator, keysOf, type PairSpec, pairOf } from '../../../../conformance/pairs.ts';
import { wideSum } from '../../../../support/wide-sum.ts';
import { brokenCoding, narrowCoding, type OpenInit, open, snapshotOf } from './support.ts';

const PAIRS = 10_000;
const BAD_KEYS = 1_000;
const LARGEST = 20_000;

const SPREADS = ['anywhere', 'clustered'] as const;
const HINTS = ['wild', 'clock', 'few', 'one'] as const;

/** Sizes from 0 to 20,000, small ones more often, with none, few, many or all of the items in common. */
function specOf(seed: number): PairSpec {
  const draw = generator(seed);
  const upTo = (most: number): number => draw() % (most + 1);
  const size = (): number => upTo([0, 20, 300, 3_000, LARGEST / 2][Math.floor((draw() % 40) / 9)]!);
  const [common, onlyA, onlyB] = [size(), size(), size()];
  const mixture = draw() % 8;
  return {
    seed,
    common: mixture === 0 ? 0 : common,
    onlyA: mixture === 1 ? 0 : onlyA,
    onlyB: mixture === 2 ? 0 : onlyB,
    spread: SPREADS[draw() % 2]!,
    hints: HINTS[draw() % 4]!,
    moved: draw() % 4 === 0,
  };
}

/** A session over a pair; whether it found what differs and nothing else, and whether it was proved. */
function reconcile(a: readonly ItemKey[], b: readonly ItemKey[], init: OpenInit) {
  const scheme = init.seed?.endsWith('0') ? lthash : wideSum;
  const initiator = open('initiator', { snapshot: snapshotOf(a, scheme), ...init });
  const responder = open('responder', { snapshot: snapshotOf(b, scheme), ...init });
  const { missing } = converse(initiator, responder, 1e5);
  const exact =
    sorted(missing.initiator).join() === lacking(a, b).join() &&
    sorted(missing.responder).join() === lacking(b, a).join();
  return { exact, proved: initiator.finding!.proved && responder.finding!.proved };
}

describe('the native dialect, for long', () => {
  it(`is exact and proved for ${PAIRS} random pairs of 0 to ${LARGEST} items`, () => {
    for (let seed = 1; seed <= PAIRS; seed++) {
      const { a, b } = pairOf(specOf(seed));
      const maxRangeItems = [65_536, 1_000, 64][seed % 3]!;
      const result = reconcile(a, b, { seed: `pair ${seed}`, limits: { maxRangeItems } });
      assert.deepEqual(result, { exact: true, proved: true }, `seed ${seed}`);
    }
  });

  it(`is exact, or does not add up and is exact under the next key, under ${BAD_KEYS} bad keys`, () => {
    let unproved = 0;
    for (let seed = 1; seed <= BAD_KEYS; seed++) {
      const all = keysOf(seed, 1_500);
      const a = all.filter((_, i) => i % 50 !== seed % 50);
      const b = all.filter((_, i) => i % 70 !== seed % 70);
      const limits = { maxRangeItems: [200, 65_536][seed % 2]! };
      const bad = reconcile(a, b, { ...badKey(seed), limits, seed: `bad ${seed}` });
      assert.equal(bad.proved, bad.exact, `seed ${seed}`);
      if (bad.proved) continue;
      unproved++;
      const next = reconcile(a, b, { limits, seed: `good ${seed}` });
      assert.deepEqual(next, { exact: true, proved: true }, `seed ${seed}`);
    }
    assert.ok(unproved > 50, `only ${unproved} did not add up: the keys are not bad enough`);
  });
});

/** Short ids that collide, symbols that never decode, or digests that collide. */
function badKey(seed: number): OpenInit {
  const kind = seed % 3;
  if (kind === 0) return { coding: narrowCoding(2 + (seed % 20)) };
  if (kind === 1) return { coding: brokenCoding };
  return {
    key: (...openings) => {
      const real = sessionKey(...openings);
      const dull = (digest: Uint8Array) => digest.map((byte) => byte % (1 + (seed % 4)));
      return {
        ...real,
        plainDigest: (ids) => dull(real.plainDigest(ids)),
        sumDigest: (state, count) => dull(real.sumDigest(state, count)),
      };
    },
  };
}
