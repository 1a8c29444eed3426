import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Interval, nativeDialect, type Session } from '../../../../../src/protocol/index.ts';
import { intersection } from '../../../../../src/protocol/reconcile/testing.ts';
import { type Bound, INFINITE_BOUND, ZERO_BOUND } from '../../../../../src/store/index.ts';
import { converse } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { say } from './puppet.ts';
import { open, openingOf } from './support.ts';

const keys = keysOf(1, 600);
const at = (rank: number): Bound => ({ hint: keys[rank]!.hint, id: null });
const everything: Interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

describe('the interval of a native session', () => {
  for (const limited of ['initiator', 'responder'] as const) {
    const narrow: Record<string, Interval> = {
      'low ceiling': { lower: ZERO_BOUND, upper: at(0) },
      'ceiling in the middle': { lower: ZERO_BOUND, upper: at(300) },
      'high floor': { lower: { hint: 2n ** 63n, id: null }, upper: INFINITE_BOUND },
      'floor in the middle': { lower: at(300), upper: INFINITE_BOUND },
    };
    for (const [name, interval] of Object.entries(narrow)) {
      it(`is whole: a ${name} of the ${limited} makes both sets equal in what both accept`, () => {
        const sides = pair(limited, interval, interval);
        assert.deepEqual([sides.initiator.equal, sides.responder.equal], [true, true]);
      });

      it(`is a part: a ${name} that the ${limited} asks for makes no set equal`, () => {
        const part = { whole: { [limited]: false } };
        const sides = pair(limited, interval, interval, everything, part);
        assert.deepEqual([sides.initiator.equal, sides.responder.equal], [false, false]);
      });
    }
  }

  it('lets two sides with other bounds each settle what both accept', () => {
    for (const role of ['initiator', 'responder'] as const) {
      const low = { lower: ZERO_BOUND, upper: at(400) };
      const high = { lower: at(200), upper: INFINITE_BOUND };
      const sides = pair(role, low, { lower: at(200), upper: at(400) }, high);
      assert.deepEqual([sides.initiator.equal, sides.responder.equal], [true, true]);
    }
  });

  it('has the counts and roots of what both accept, as the initiator sees them', () => {
    const sides = pair(
      'initiator',
      { lower: at(100), upper: INFINITE_BOUND },
      { lower: at(100), upper: at(400) },
      { lower: ZERO_BOUND, upper: at(400) },
    );
    const { ours, theirs } = sides.initiator.outlines!;
    assert.deepEqual([ours.count, theirs.count], [300, 300]);
    assert.deepEqual(ours.root, theirs.root);
    assert.deepEqual([ours.interval, theirs.interval], [theirs.interval, ours.interval]);
  });

  it('does not differ where a side has items that the other one does not accept', () => {
    for (const role of ['initiator', 'responder'] as const) {
      const half = { lower: at(300), upper: INFINITE_BOUND };
      const sides = pair(role, half, half, everything, { limited: keys.slice(300) });
      for (const { differs, equal } of Object.values(sides))
        assert.deepEqual([differs, equal], [false, true]);
    }
  });

  it('is equal on no side where a single item differs', () => {
    const initiator = open('initiator', { keys });
    const responder = open('responder', { keys: keys.slice(1) });
    converse(initiator, responder);
    assert.deepEqual([initiator.equal, responder.equal], [false, false]);
    assert.deepEqual(
      [initiator, responder].map(({ finding }) => [finding!.mine, finding!.theirs]),
      [
        [1, 0],
        [0, 1],
      ],
    );
  });

  it('is the intersection of both sides, which may be empty', () => {
    const [a, b, c, d] = [at(10), at(20), at(30), at(40)];
    for (const [one, two, both] of [
      [
        { lower: a, upper: c },
        { lower: b, upper: d },
        { lower: b, upper: c },
      ],
      [
        { lower: a, upper: d },
        { lower: b, upper: c },
        { lower: b, upper: c },
      ],
      [
        { lower: a, upper: b },
        { lower: b, upper: c },
        { lower: b, upper: b },
      ],
      [
        { lower: a, upper: b },
        { lower: c, upper: d },
        { lower: c, upper: c },
      ],
      [everything, { lower: b, upper: c }, { lower: b, upper: c }],
    ] as const) {
      assert.deepEqual(intersection(one, two), both);
      assert.deepEqual(intersection(two, one), both);
    }
  });

  it('that is empty is proved at once, and makes nothing equal', () => {
    const low = { lower: ZERO_BOUND, upper: at(100) };
    const high = { lower: at(200), upper: INFINITE_BOUND };
    const sides = pair('initiator', low, { lower: at(200), upper: at(200) }, high);
    assert.deepEqual([sides.initiator.equal, sides.responder.equal], [false, false]);
  });

  it('decides whether a root counts: that of a larger interval does if it is ours there', () => {
    const { root, count } = outlineOf();
    const part = { lower: at(0), upper: at(599) };
    for (const [change, first] of [
      [{ root, count }, 'same'],
      [{ root, count: count - 1 }, 'take'],
      [{ root: new Uint8Array(16), count }, 'take'],
    ] as const) {
      const session = open('responder', { keys });
      session.start();
      const [, answer] = say(session, openingOf(new SeededRandom(1), change));
      assert.equal(answer!.tag, first);
      assert.equal(session.differs, first !== 'same');
    }
    for (const [theirs, ours] of [
      [everything, part],
      [{ lower: at(0), upper: INFINITE_BOUND }, part],
    ] as const) {
      const session = open('responder', { keys, interval: ours });
      session.start();
      const claim = { ...outlineOf(ours), interval: theirs };
      const [, answer] = say(session, openingOf(new SeededRandom(1), claim));
      assert.notEqual(answer!.tag, 'same', 'a root of another interval is no root of this one');
      assert.equal(session.differs, false, 'nor does it show that anything differs');
      const larger = open('responder', { keys, interval: ours });
      larger.start();
      const named = { ...outlineOf(theirs), interval: theirs };
      const [, same] = say(larger, openingOf(new SeededRandom(1), named));
      assert.equal(same!.tag, 'same', 'what is equal in a larger interval is equal in this one');
    }
    const session = open('responder', { keys });
    session.start();
    const claim = { ...outlineOf(part), interval: part };
    const [, answer] = say(session, openingOf(new SeededRandom(1), claim));
    assert.equal(answer!.tag, 'same', 'the root of the part that is reconciled is worked out');
  });
});

function pair(
  limited: Session['role'],
  interval: Interval,
  both: Interval,
  rest: Interval = everything,
  change: { whole?: Partial<Record<Session['role'], boolean>>; limited?: typeof keys } = {},
): Record<Session['role'], Session> {
  const [initiator, responder] = (['initiator', 'responder'] as const).map((role) =>
    open(role, {
      keys: role === limited ? (change.limited ?? keys) : keys,
      interval: role === limited ? interval : rest,
      whole: change.whole?.[role] ?? true,
    }),
  );
  converse(initiator!, responder!);
  for (const session of [initiator!, responder!]) {
    assert.deepEqual(session.finding!.interval, both);
    assert.ok(session.finding!.proved);
  }
  return { initiator: initiator!, responder: responder! };
}

/** What an initiator says of its set. */
function outlineOf(interval: Interval = everything) {
  const dialect = nativeDialect({ random: new SeededRandom('outline') });
  const session = open('initiator', { keys, interval });
  const { root, count } = dialect.outline!(session.start().frames[0]!)!;
  return { root, count };
}
