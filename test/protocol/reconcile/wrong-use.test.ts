import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  commonware,
  type Dialect,
  nativeDialect,
  negentropy,
  type Role,
  type Session,
  wholeStep,
} from '../../../src/protocol/index.ts';
import {
  bytesToHex,
  type FingerprintScheme,
  INFINITE_BOUND,
  INFINITE_HINT,
  type ItemKey,
  lthash,
  type Snapshot,
  SortedVector,
  sum256,
  ZERO_BOUND,
} from '../../../src/store/index.ts';
import { keysOf } from '../../conformance/pairs.ts';

const dialects: readonly Dialect[] = [nativeDialect(), commonware, negentropy];

function setOf(keys: readonly ItemKey[], scheme: FingerprintScheme): SortedVector {
  const set = new SortedVector({ scheme });
  set.insert(keys);
  return set;
}

const schemeOf = ({ name }: Dialect): FingerprintScheme =>
  name === 'negentropy' ? sum256 : lthash;
const snapshotFor = (dialect: Dialect, keys: readonly ItemKey[] = []): Snapshot =>
  setOf(keys, schemeOf(dialect)).snapshot();

for (const dialect of dialects) {
  describe(`wrong use of ${dialect.name}`, () => {
    const snapshot = snapshotFor(dialect);

    it('refuses a set in place of its snapshot', () => {
      for (const wrong of [setOf([], schemeOf(dialect)), undefined, null, {}]) {
        const make = () =>
          dialect.session({ role: 'initiator', snapshot: wrong as unknown as Snapshot });
        assert.throws(make, { code: 'INVALID_SNAPSHOT', message: /set\.snapshot\(\)/ });
      }
    });

    it('refuses a role that is none', () => {
      for (const role of ['client', '', undefined]) {
        const make = () => dialect.session({ role: role as Role, snapshot });
        assert.throws(make, { name: 'ProtocolError', code: 'INVALID_ROLE' });
      }
    });

    it('refuses an interval that holds nothing, or has bounds that are none', () => {
      const bound = (hint: unknown, id: unknown = null) => ({ hint, id }) as typeof ZERO_BOUND;
      const wrong = [
        { lower: ZERO_BOUND, upper: ZERO_BOUND },
        { lower: bound(2n), upper: bound(1n) },
        { lower: bound(1), upper: INFINITE_BOUND },
        { lower: bound(-1n), upper: INFINITE_BOUND },
        { lower: ZERO_BOUND, upper: bound(INFINITE_HINT + 1n) },
        { lower: bound(1n, 'ff'), upper: INFINITE_BOUND },
        { lower: bound(1n, new Uint8Array(33)), upper: INFINITE_BOUND },
        { lower: ZERO_BOUND, upper: undefined as unknown as typeof ZERO_BOUND },
      ];
      for (const interval of wrong) {
        const make = () => dialect.session({ role: 'initiator', snapshot, interval });
        assert.throws(make, { code: 'INVALID_INTERVAL' });
      }
      const interval = { lower: bound(1n, new Uint8Array(32)), upper: bound(2n) };
      dialect.session({ role: 'initiator', snapshot, interval });
    });

    it('refuses text for a frame, and goes on', () => {
      const [initiator, responder] = sessionsOf(dialect, [], []);
      const [frame] = initiator.start().frames;
      responder.start();
      const text = bytesToHex(frame!) as unknown as Uint8Array;
      assert.throws(() => responder.receive(text), { code: 'INVALID_FRAME' });
      responder.receive(frame!);
    });

    it('has taken a copy of a frame once receive returns', () => {
      const same = keysOf(1, 2_000);
      const [a, b] = sessionsOf(dialect, [...same, ...keysOf(2, 80)], [...same, ...keysOf(3, 80)]);
      const learnt: string[] = [];
      let frames = [...a.start().frames];
      b.start();
      for (let to = b; frames.length > 0; to = to === a ? b : a) {
        const answers: Uint8Array[] = [];
        for (const frame of frames) {
          const lent = Buffer.from(frame);
          const first = to.receive(lent);
          lent.fill(0xff);
          const step = wholeStep(to, first);
          answers.push(...step.frames.map((answer) => new Uint8Array(answer)));
          if (to === a) learnt.push(...step.missing.map((id) => bytesToHex(id)));
        }
        frames = answers as typeof frames;
      }
      assert.deepEqual(
        learnt.sort(),
        keysOf(3, 80)
          .map(({ id }) => bytesToHex(id))
          .sort(),
      );
    });
  });
}

function sessionsOf(
  dialect: Dialect,
  ours: readonly ItemKey[],
  theirs: readonly ItemKey[],
  roles: readonly [Role, Role] = ['initiator', 'responder'],
): [Session, Session] {
  const [a, b] = roles;
  return [
    dialect.session({ role: a, snapshot: snapshotFor(dialect, ours) }),
    dialect.session({ role: b, snapshot: snapshotFor(dialect, theirs) }),
  ];
}

describe('two initiators', () => {
  for (const size of [0, 10, 3_000]) {
    it(`are refused by commonware with SAME_ROLE, at ${size} items`, () => {
      const roles = ['initiator', 'initiator'] as const;
      const [a, b] = sessionsOf(commonware, keysOf(1, size), keysOf(2, size + 1), roles);
      const [theirs] = a.start().frames;
      b.start();
      assert.throws(() => wholeStep(b, b.receive(theirs!)), { code: 'SAME_ROLE' });
    });
  }
});
