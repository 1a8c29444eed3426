import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commonwareDialect } from '../../../../../src/protocol/reconcile/dialects/commonware/index.ts';
import {
  bytesToHex,
  type FingerprintScheme,
  type ItemKey,
  lthash,
} from '../../../../../src/store/index.ts';
import { converse, lacking, sorted } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { wideSum } from '../../../../support/wide-sum.ts';
import { c, digestOf, idOf, run, snapshotOf, snapshotsOf, vectors } from './vectors.ts';

type Sides = [a: ItemKey[], b: ItemKey[]];

const far = (i: number): ItemKey => ({ hint: 2n ** 64n - 1001n + BigInt(i), id: idOf('c', i) });
const only = (tag: string, offset: number) => (j: number) => ({
  hint: BigInt(1_000_000 + offset + 200 * j),
  id: idOf(tag, j),
});

/** The sets of the scenarios, from what their `items` fields say. */
const SETS: Record<string, () => Sides> = {
  empty_vs_empty: () => [[], []],
  empty_vs_5: () => [[], run(0, 5)],
  empty_vs_300: () => [[], run(0, 300)],
  equal_1000: () => [run(0, 1000), run(0, 1000)],
  one_diff_in_1000: () => [run(0, 1000, c, (i) => i !== 500), run(0, 1000)],
  same_ids_different_hints_only: () => [
    run(0, 100, (i) => ({ hint: BigInt(1000 + i), id: idOf('c', i) })),
    run(0, 100, (i) => ({ hint: BigInt(5000 - i), id: idOf('c', i) })),
  ],
  large_hints_below_max: () => [
    run(0, 1000, far, (i) => i !== 300),
    run(0, 1000, far, (i) => i !== 999),
  ],
  clustered_50_in_20000: () => [
    run(0, 20_000, c, (i) => i < 10_000 || i >= 10_025),
    run(0, 20_000, c, (i) => i < 10_025 || i >= 10_050),
  ],
  b_superset: () => [run(0, 2000, c, (i) => i % 10 !== 0), run(0, 2000)],
  b4_diffs_in_300: () => [
    run(0, 300, c, (i) => i % 50 !== 10),
    run(0, 300, c, (i) => i % 50 !== 40),
  ],
  initiator_sends_idlist_first: () => [
    [...run(0, 100), ...run(0, 5, only('A', 3))],
    [...run(0, 100), ...run(0, 5, only('B', 7))],
  ],
};

function talk(
  [a, b]: Sides,
  maxMessageBytes = 1 << 20,
  scheme: FingerprintScheme = lthash,
  dialect = commonwareDialect(),
) {
  const limits = { maxMessageBytes };
  const [mine, theirs] = snapshotsOf(a, b, scheme);
  const initiator = dialect.session({ role: 'initiator', snapshot: mine, limits });
  const responder = dialect.session({ role: 'responder', snapshot: theirs, limits });
  return { initiator, responder, ...converse(initiator, responder) };
}

describe('commonware scenarios', () => {
  assert.deepEqual(
    Object.keys(SETS),
    vectors.scenarios.map(({ name }) => name),
  );
  for (const scenario of vectors.scenarios) {
    it(scenario.name, () => {
      const sides = SETS[scenario.name]!();
      assert.equal(digestOf(sides[0]), scenario.set_a.items_blake3);
      assert.equal(digestOf(sides[1]), scenario.set_b.items_blake3);
      const dialect = commonwareDialect(scenario.branching_factor);
      const { frames, missing, initiator } = talk(sides, 1 << 20, lthash, dialect);
      assert.deepEqual(sorted(missing.initiator), [...scenario.true_missing_a].sort());
      assert.deepEqual(sorted(missing.responder), [...scenario.true_missing_b].sort());
      assert.equal(initiator.equal, scenario.messages.length === 2);
      if (!scenario.reference_correct_a || !scenario.reference_correct_b) return;
      assert.deepEqual(
        frames.map(({ from, frame }) => [from === 'initiator' ? 'A' : 'B', bytesToHex(frame)]),
        scenario.messages.map(({ from, hex }) => [from, hex]),
      );
    });
  }
});

describe('docs/protocol.md', () => {
  it('shows a session frame by frame', () => {
    const key = (hint: bigint, byte: number): ItemKey => ({
      hint,
      id: new Uint8Array(32).fill(byte),
    });
    const shared = key(2000n, 2);
    const { frames } = talk([
      [key(1000n, 1), shared],
      [shared, key(3000n, 3)],
    ]);
    const page = readFileSync(new URL('../../../../../docs/protocol.md', import.meta.url), 'utf8');
    const shown = [...page.matchAll(/^ {4}([AB]) -> [AB]\n((?: {8}.*\n)+)/gm)].map(
      ([, from, lines]) => [from, lines!.replace(/;.*$/gm, '').replace(/\s/g, '')],
    );
    const said = frames.map(({ from, frame }) => [
      from === 'initiator' ? 'A' : 'B',
      bytesToHex(frame),
    ]);
    assert.deepEqual(shown, said);
  });
});

describe('an empty initiator', () => {
  const many = keysOf(3, 100_000);

  for (const count of [300, 1_000]) {
    it(`learns all of ${count} items`, () => {
      const { missing } = talk([[], many.slice(0, count)]);
      assert.deepEqual(sorted(missing.initiator), sorted(many.slice(0, count).map(({ id }) => id)));
    });
  }

  it('learns all of 100,000 items in messages of at most 64 KiB, each id once', () => {
    const { frames, missing } = talk([[], many], 65_536);
    assert.equal(missing.responder.length, 0);
    assert.deepEqual(sorted(missing.initiator), sorted(many.map(({ id }) => id)));
    assert.ok(frames.every(({ frame }) => frame.length <= 65_536));
    const bytes = frames.reduce((sum, { frame }) => sum + frame.length, 0);
    assert.ok(bytes < 1.01 * 32 * many.length, `${bytes} bytes for ${many.length} ids`);
    assert.ok(frames.length < 2.1 * Math.ceil((32 * many.length) / 65_536), `${frames.length}`);
  });
});

describe('capped messages', () => {
  it('find 1,000 scattered differences for little more than uncapped ones', () => {
    const all = keysOf(5, 20_000);
    const sides: Sides = [all.filter((_, i) => i % 40 !== 7), all.filter((_, i) => i % 40 !== 23)];
    const total = (cap: number): number => {
      const { frames, missing } = talk(sides, cap, wideSum);
      assert.deepEqual(sorted(missing.initiator), lacking(...sides));
      return frames.reduce((sum, { frame }) => sum + frame.length, 0);
    };
    const whole = total(1 << 23);
    assert.ok(total(65_536) < 1.5 * whole);
    assert.ok(total(4_096) < 3 * whole);
  });

  it('are limited in work too: a frame is answered as far as its budget goes', () => {
    const all = keysOf(6, 20_000);
    const open = (role: 'initiator' | 'responder', keys: ItemKey[]) =>
      commonwareDialect().session({
        role,
        snapshot: snapshotOf(keys, wideSum),
        limits: { maxVisitedItems: 1024 },
      });
    const a = all.filter((_, i) => i % 100 !== 7);
    const { missing } = converse(open('initiator', a), open('responder', all));
    assert.deepEqual(sorted(missing.initiator), lacking(a, all));
    assert.deepEqual(missing.responder, []);
  });
});

describe('limits', () => {
  it('too low for a session to advance are refused', () => {
    const snapshot = snapshotOf([], wideSum);
    for (const limits of [{ maxMessageBytes: 1023 }, { maxVisitedItems: 1023 }]) {
      assert.throws(() => commonwareDialect().session({ role: 'initiator', snapshot, limits }), {
        code: 'INVALID_LIMIT',
      });
    }
  });

  it('on missing ids end a session between two frames, and keep what was found', () => {
    const limits = { maxMissing: 50, maxMessageBytes: 1024 };
    const dialect = commonwareDialect();
    const snapshot = snapshotOf([], wideSum);
    const a = dialect.session({ role: 'initiator', snapshot, limits });
    const b = dialect.session({
      role: 'responder',
      snapshot: snapshotOf(keysOf(1, 200), wideSum),
      limits,
    });
    let found = 0;
    let frame = a.start().frames[0]!;
    b.start();
    const loop = () => {
      for (let round = 0; round < 100; round++) {
        const step = a.receive(b.receive(frame).frames[0]!);
        found += step.missing.length;
        frame = step.frames[0]!;
      }
    };
    assert.throws(loop, { code: 'BUDGET_SPENT' });
    assert.ok(found >= 50 && found < 100, `${found}`);
  });

  it('refuse a scheme with digests of other than 32 bytes', () => {
    const narrow = { ...wideSum, name: 'narrow', digest: () => new Uint8Array(16) };
    const init = { role: 'initiator', snapshot: snapshotOf([], narrow) } as const;
    assert.throws(() => commonwareDialect().session(init), /narrow makes 16/);
  });
});
