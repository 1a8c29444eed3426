import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AnnounceService,
  commonware,
  type Dialect,
  drive,
  FetchService,
  nativeDialect,
  negentropy,
  type ProtocolErrorCode,
  protocolId,
  ReconcileService,
  ReconciliationSet,
  type Role,
  type Session,
  type SessionInit,
  wholeStep,
} from '../../../src/protocol/index.ts';
import { fetch, reconcile } from '../../../src/protocol/libp2p.ts';
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
  systemClock,
  systemRandom,
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

    it('refuses a session without what it needs, and what is no function or mode', () => {
      const whole = { role: 'initiator', snapshot };
      const refused: [ProtocolErrorCode, unknown][] = [
        ['INVALID_INIT', undefined],
        ['INVALID_INIT', null],
        ['INVALID_INIT', 'initiator'],
        ['INVALID_MODE', { ...whole, mode: 'x' }],
        ['INVALID_MODE', { ...whole, mode: null }],
        ['INVALID_REFUSES', { ...whole, refuses: 'x' }],
        ['INVALID_INTERVAL', { ...whole, interval: null }],
        ['INVALID_INTERVAL', { ...whole, interval: 1 }],
        ['INVALID_LIMIT', { ...whole, limits: { maxMessageBytes: '70000' } }],
      ];
      for (const [at, [code, init]] of refused.entries()) {
        const make = () => dialect.session(init as SessionInit);
        assert.throws(make, { name: 'ProtocolError', code }, `case ${at}`);
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

describe('wrong use of the rest of the protocol', () => {
  const wrong = <T>(value: unknown): T => value as T;

  it('refuses options of the native dialect that are none', () => {
    const code = 'INVALID_INIT';
    const refused = [null, 5, { random: 5 }, { random: null }, { coding: {} }, { key: 'k' }];
    for (const init of refused) {
      const make = () => nativeDialect(wrong(init));
      assert.throws(make, { name: 'ProtocolError', code }, JSON.stringify(init));
    }
  });

  it('refuses to drive what is no session', async () => {
    const { port1, port2 } = new MessageChannel();
    try {
      for (const session of [undefined, null, commonware, {}, { start() {} }]) {
        await assert.rejects(drive(wrong(session), port1), {
          name: 'ProtocolError',
          code: 'INVALID_SESSION',
        });
      }
    } finally {
      port1.close();
      port2.close();
    }
  });

  it('refuses services that lack a part', () => {
    const clock = systemClock;
    const random = systemRandom;
    const snapshot = () => snapshotFor(commonware);
    const dialects = [commonware];
    const refused: [string, () => unknown][] = [
      ['INVALID_INIT', () => new FetchService(wrong({}), wrong(undefined))],
      ['INVALID_INIT', () => new FetchService(wrong({}), wrong({ clock }))],
      ['INVALID_INIT', () => new FetchService(wrong({}), wrong({ serve: () => [] }))],
      ['INVALID_INIT', () => new AnnounceService(wrong({}), wrong(undefined))],
      ['INVALID_INIT', () => new AnnounceService(wrong({}), wrong({ clock }))],
      ['INVALID_INIT', () => new AnnounceService(wrong({}), wrong({ clock, random }))],
      ['INVALID_INIT', () => new ReconcileService(wrong({}), wrong(undefined))],
      ['INVALID_LIST', () => new ReconcileService(wrong({}), wrong({ clock }))],
      ['INVALID_INIT', () => new ReconcileService(wrong({}), wrong({ clock, dialects: ['a'] }))],
      ['INVALID_INIT', () => new ReconcileService(wrong({}), wrong({ clock, dialects }))],
      ['INVALID_INIT', () => new ReconcileService(wrong({}), wrong({ clock, dialects, snapshot }))],
      ['INVALID_INIT', () => fetch(wrong(undefined))],
      ['INVALID_INIT', () => reconcile(wrong(undefined))],
    ];
    for (const [at, [code, make]] of refused.entries()) {
      assert.throws(make, { code }, `case ${at}`);
    }
  });

  it('refuses a name of a network that is no text', () => {
    for (const name of [undefined, null, 5]) {
      assert.throws(() => protocolId(wrong(name)), { code: 'INVALID_NETWORK_NAME' });
    }
  });

  it('refuses wrong ids and peers in a ReconciliationSet, and changes nothing', () => {
    const set = new ReconciliationSet();
    const id = new Uint8Array(32);
    const refused: [string, () => unknown][] = [
      ['INVALID_ID', () => set.add('p', wrong(['a']))],
      ['INVALID_ID', () => set.add('p', [id, new Uint8Array(31)])],
      ['INVALID_ID', () => set.add('p', wrong(id))],
      ['INVALID_LIST', () => set.add('p', wrong(undefined))],
      ['INVALID_PEER', () => set.add('', [id])],
      ['INVALID_PEER', () => set.add(wrong(undefined), [id])],
      ['INVALID_PEER', () => set.mirror('p', wrong(5))],
      ['INVALID_PEER', () => set.mirror('', 'p')],
      ['INVALID_PEER', () => set.probe(wrong(null))],
      ['INVALID_ID', () => set.has(wrong('a'))],
      ['INVALID_ID', () => set.received(wrong(undefined))],
      ['INVALID_ID', () => set.restore(wrong([{ id: 'a', since: 0, confirmed: true }]))],
    ];
    for (const [at, [code, use]] of refused.entries()) {
      assert.throws(use, { code }, `case ${at}`);
    }
    assert.equal(set.size + set.orphans, 0);
    assert.equal(set.listed('p'), 0);
  });
});
