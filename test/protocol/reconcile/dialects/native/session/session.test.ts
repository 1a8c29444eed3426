import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Interval,
  type Session,
  SessionStop,
  type Step,
} from '../../../../../../src/protocol/index.ts';
import { sessionKey } from '../../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import {
  type Bound,
  type Coding,
  equalBytes,
  INFINITE_BOUND,
  type ItemKey,
  lthash,
} from '../../../../../../src/store/index.ts';
import { converse, lacking, sorted } from '../../../../../conformance/dialect.ts';
import { keysOf, pairOf, pairs } from '../../../../../conformance/pairs.ts';
import { assertProperty } from '../../../../../support/property.ts';
import { brokenCoding, narrowCoding, type OpenInit, open, snapshotOf } from '../support.ts';

interface Result {
  readonly initiator: Session;
  readonly responder: Session;
  readonly bytes: number;
  readonly exact: boolean;
  readonly proved: boolean;
}

function reconcile(a: readonly ItemKey[], b: readonly ItemKey[], init: OpenInit = {}): Result {
  const initiator = open('initiator', { snapshot: snapshotOf(a), ...init });
  const responder = open('responder', { snapshot: snapshotOf(b), ...init });
  const { frames, missing } = converse(initiator, responder, 1e5);
  const exact =
    sorted(missing.initiator).join() === lacking(a, b).join() &&
    sorted(missing.responder).join() === lacking(b, a).join();
  const findings = [initiator.finding!, responder.finding!];
  return {
    initiator,
    responder,
    bytes: frames.reduce((sum, { frame }) => sum + frame.length, 0),
    exact,
    proved: findings.every(({ proved }) => proved),
  };
}

const spread = (count: number, skip: (i: number) => boolean, seed = 3): ItemKey[] =>
  keysOf(seed, count).filter((_, i) => !skip(i));

describe('a native session', () => {
  it('is exact and proved for every mixture of differences', () => {
    const ranges = fc.constantFrom(65_536, 1_000, 64);
    assertProperty(
      fc.property(pairs, ranges, (spec, maxRangeItems) => {
        const { a, b } = pairOf(spec);
        const result = reconcile(a, b, { limits: { maxRangeItems } });
        assert.ok(result.exact);
        assert.ok(result.proved);
      }),
      { numRuns: Number(process.env.RANGEMESH_PAIRS ?? 150) },
    );
  });

  it('is exact for sets of 20,000, one-sided, two-sided, clustered, disjoint', () => {
    const all = keysOf(4, 20_000);
    const cases: [ItemKey[], ItemKey[]][] = [
      [all.filter((_, i) => i % 20 !== 1), all],
      [all.filter((_, i) => i % 400 !== 1), all.filter((_, i) => i % 400 !== 7)],
      [all.slice(0, 19_000), [...all.slice(0, 18_500), ...all.slice(19_500)]],
      [all.slice(0, 10_000), all.slice(10_000)],
      [all.filter((_, i) => i % 2 === 0), all.filter((_, i) => i % 2 === 1)],
      [[], all],
      [all, []],
      [all.slice(0, 3), all],
    ];
    for (const [a, b] of cases) {
      const { exact, proved } = reconcile(a, b);
      assert.ok(exact);
      assert.ok(proved);
    }
  });

  it('speaks of its interval alone', () => {
    const a = spread(2_000, (i) => i % 10 === 1);
    const b = spread(2_000, (i) => i % 10 === 2);
    const lower = { hint: a[500]!.hint, id: null };
    const upper = { hint: a[900]!.hint, id: null };
    const inside = (key: ItemKey) => key.hint >= lower.hint && key.hint < upper.hint;
    const initiator = open('initiator', { keys: a, interval: { lower, upper } });
    const responder = open('responder', { keys: b });
    const { missing } = converse(initiator, responder);
    assert.deepEqual(sorted(missing.initiator), lacking(a, b.filter(inside)));
    assert.deepEqual(sorted(missing.responder), lacking(b, a.filter(inside)));
    assert.deepEqual(initiator.finding!.interval, { lower, upper });
    assert.ok(initiator.finding!.proved && responder.finding!.proved);
  });

  it('does not call the whole sets equal because a part is, only because all that is accepted is', () => {
    const a = keysOf(1, 300);
    const b = [...a, ...keysOf(2, 1).map(({ id }) => ({ hint: 5n, id }))];
    const interval = { lower: { hint: 10n, id: null }, upper: { hint: 2n ** 63n, id: null } };
    for (const whole of [false, true]) {
      const initiator = open('initiator', { keys: a, interval, whole });
      const responder = open('responder', { keys: b });
      converse(initiator, responder);
      assert.deepEqual([initiator.equal, responder.equal], [whole, whole]);
      assert.deepEqual([initiator.finding!.whole, responder.finding!.whole], [whole, whole]);
    }
  });

  it('counts what is refused, and does not call it missing', () => {
    const b = keysOf(1, 300);
    const refused = new Set([b[7]!.id, b[90]!.id].map(String));
    const initiator = open('initiator', {
      keys: b.filter(({ id }) => !refused.has(String(id))).slice(5),
      refuses: (id) => refused.has(String(id)),
    });
    const { missing } = converse(initiator, open('responder', { keys: b }));
    assert.equal(missing.initiator.length, 5);
    const { mine, theirs, refused: count, proved } = initiator.finding!;
    assert.deepEqual(
      { mine, theirs, count, proved },
      { mine: 0, theirs: 7, count: 2, proved: true },
    );
  });

  it('is equal but for what either side refuses, and each says so to the other', () => {
    const keys = keysOf(1, 400);
    const [a, b] = [keys.slice(3), keys.slice(0, -2)];
    const isOneOf = (some: typeof keys) => (id: Uint8Array) =>
      some.some((key) => equalBytes(key.id, id));
    for (const left of [0, 1]) {
      const refusesA = isOneOf(keys.slice(left, 3));
      const initiator = open('initiator', { keys: a, refuses: refusesA });
      const responder = open('responder', { keys: b, refuses: isOneOf(keys.slice(-2)) });
      converse(initiator, responder);
      const counts = [initiator, responder].map(({ finding }) => {
        const { mine, theirs, refused, refusedThere } = finding!;
        return { mine, theirs, refused, refusedThere };
      });
      assert.deepEqual(counts, [
        { mine: 2, theirs: 3, refused: 3 - left, refusedThere: 2 },
        { mine: 3, theirs: 2, refused: 2, refusedThere: 3 - left },
      ]);
      assert.deepEqual([initiator.equal, responder.equal], [left === 0, left === 0]);
    }
  });

  it('works over LtHash, whichever side is larger', () => {
    const a = snapshotOf(
      spread(3_000, (i) => i % 100 === 1),
      lthash,
    );
    const b = snapshotOf(
      spread(3_000, (i) => i % 70 === 2),
      lthash,
    );
    for (const [mine, theirs] of [
      [a, b],
      [b, a],
    ] as const) {
      const initiator = open('initiator', { snapshot: mine, limits: { maxRangeItems: 800 } });
      converse(initiator, open('responder', { snapshot: theirs }));
      assert.ok(initiator.finding!.proved);
    }
  });

  it('costs at most 150 bytes where nothing differs', () => {
    const { bytes, initiator, responder } = reconcile(keysOf(1, 5_000), keysOf(1, 5_000));
    assert.ok(bytes <= 150, `${bytes}`);
    assert.deepEqual([initiator.equal, responder.equal], [true, true]);
  });

  it('gives an empty node everything for at most 34 bytes an item', () => {
    const { bytes } = reconcile([], keysOf(1, 20_000));
    assert.ok(bytes <= 34 * 20_000, `${bytes}`);
  });
});

describe('a budget', () => {
  const a = spread(3_000, (i) => i % 30 === 1);
  const b = spread(3_000, (i) => i % 30 === 2);

  /** Sessions one after the other, each from where the last one stopped; our set grows. */
  function inPieces(limits: OpenInit['limits'], held: readonly ItemKey[]): number {
    const mine = [...held];
    const known = new Map(b.map((key) => [String(key.id), key]));
    let lower: Bound | null = { hint: 0n, id: null };
    let sessions = 0;
    for (; lower !== null; sessions++) {
      assert.ok(sessions < 100, 'sessions go on');
      const interval: Interval = { lower, upper: INFINITE_BOUND };
      const initiator = open('initiator', { keys: mine, interval, limits: limits ?? {} });
      const responder = open('responder', { keys: b, limits: { maxRangeItems: 100 } });
      const { missing, from } = untilStopped(initiator, responder);
      mine.push(...missing.map((id) => known.get(String(id))!));
      lower = from;
    }
    assert.deepEqual(lacking(mine, b), []);
    return sessions;
  }

  it('puts ranges off when its items are read, and the next session goes on there', () => {
    const limits = { maxVisitedItems: 1_000, maxRangeItems: 100 };
    assert.ok(inPieces(limits, a) > 1);
  });

  it('ends a session when its missing ids are found, and the next goes on there', () => {
    assert.ok(inPieces({ maxMissing: 500 }, []) > 1);
  });
});

describe('a native session under a bad key', () => {
  const a = spread(3_000, (i) => i % 60 === 1);
  const b = spread(3_000, (i) => i % 60 === 2);
  const codings: Record<string, Coding> = {
    'short ids that collide always': narrowCoding(3),
    'short ids that collide often': narrowCoding(12),
    'short ids that collide now and then': narrowCoding(20),
    'symbols that never decode': brokenCoding,
  };
  it('with digests that collide is exact, or does not add up and is exact under the next', () => {
    for (const colliding of [1, 2, 3, 5]) {
      const key: OpenInit['key'] = (...openings) => {
        const real = sessionKey(...openings);
        const dull = (digest: Uint8Array) => digest.map((byte) => byte % colliding);
        return {
          ...real,
          plainDigest: (ids) => dull(real.plainDigest(ids)),
          sumDigest: (state, count) => dull(real.sumDigest(state, count)),
        };
      };
      const limits = { maxRangeItems: 100 };
      const bad = reconcile(a, b, { key, limits });
      assert.equal(bad.proved, bad.exact);
      if (colliding === 1) assert.equal(bad.proved, false);
      assert.ok(reconcile(a, b, { limits }).exact);
    }
  });

  for (const [name, coding] of Object.entries(codings)) {
    it(`with ${name} is exact, or does not add up and is exact under the next`, () => {
      for (const limits of [{}, { maxRangeItems: 200 }]) {
        const bad = reconcile(a, b, { coding, limits });
        assert.equal(bad.proved, bad.exact);
        assert.ok(reconcile(a, b, { limits }).exact);
      }
    });
  }
});

/** Converses until both are done, or one is ended by its budget. */
function untilStopped(
  initiator: Session,
  responder: Session,
): { missing: Uint8Array[]; from: Bound | null } {
  const missing: Uint8Array[] = [];
  const note = (step: Step): Step => {
    missing.push(...step.missing);
    return step;
  };
  const noting: Session = {
    role: 'initiator',
    equal: false,
    start: () => note(initiator.start()),
    receive: (frame) => note(initiator.receive(frame)),
    proceed: (room) => note(initiator.proceed!(room)),
  };
  try {
    converse(noting, responder);
    return { missing, from: initiator.finding!.continueFrom };
  } catch (error) {
    assert.ok(error instanceof SessionStop && error.code === 'BUDGET_SPENT', String(error));
    return { missing, from: error.from };
  }
}
