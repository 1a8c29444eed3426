import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Session, SessionStop, type Step } from '../../../../../src/protocol/index.ts';
import { sessionKey } from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type {
  NativeRecord,
  Opening,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import {
  type Bound,
  concatBytes,
  INFINITE_BOUND,
  ZERO_BOUND,
} from '../../../../../src/store/index.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { open, openingOf } from './support.ts';

const random = new SeededRandom('hostile');
const keys = keysOf(1, 5_000);
const malformed = { name: 'ProtocolError', code: 'MALFORMED_FRAME' };
const MANY = Number.MAX_SAFE_INTEGER;

const opening = (change: Partial<Opening> = {}): NativeRecord =>
  openingOf(random, { count: 5_000, ...change });
const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });
const frameOf = (...records: NativeRecord[]): Uint8Array =>
  concatBytes(...records.map((record) => encodeRecord(record).slice()));
const parts = (uppers: (Bound | null)[], count = 9) =>
  ({
    tag: 'split',
    parts: uppers.map((upper) => ({ upper, count, digest: random.bytes(5) })),
  }) as const;
const sketch: NativeRecord = {
  tag: 'sketch',
  count: 5_000,
  sums: random.bytes(32),
  symbols: random.bytes(8 * 16),
};

/** Feeds a frame and lets the session do all it can; returns what it sent. */
function feed(session: Session, frame: Uint8Array): NativeRecord[] {
  const records: NativeRecord[] = [];
  const take = (step: Step): Step => {
    for (const sent of step.frames) records.push(...decodeFrame(sent));
    return step;
  };
  let step = take(session.receive(frame));
  while (step.pending !== undefined) step = take(session.proceed!(true));
  return records;
}

/** A session of ours that a peer answers with our own opening announced to it. */
function ours(role: 'initiator' | 'responder' = 'initiator', limits = {}): Session {
  const session = open(role, { keys, limits });
  session.start();
  return session;
}

describe('a hostile peer of the native dialect', () => {
  it('is told why, in a frame, and knows the code', () => {
    const session = ours();
    let parting: Uint8Array | null = null;
    try {
      feed(session, frameOf({ tag: 'all' }));
    } catch (error) {
      assert.ok(error instanceof SessionStop);
      assert.equal(error.code, 'MALFORMED_FRAME');
      parting = error.parting;
    }
    const other = ours();
    feed(other, frameOf(opening()));
    assert.throws(() => other.receive(parting!), {
      code: 'PEER_STOPPED',
      message: /MALFORMED_FRAME/,
    });
  });

  it('cannot answer a range twice, or one that is not open', () => {
    for (const records of [
      [{ tag: 'same', ranges: 2 }],
      [
        { tag: 'same', ranges: 1 },
        { tag: 'same', ranges: 1 },
      ],
      [{ tag: 'take', ranges: 1 }, sketch, { tag: 'take', ranges: 1 }],
      [sketch],
      [parts([at(5), null]), parts([at(5), null])],
      [{ tag: 'all' }, { tag: 'all' }],
      [{ tag: 'want', ranges: MANY }],
    ] as NativeRecord[][]) {
      assert.throws(() => feed(ours(), frameOf(opening(), ...records)), malformed);
    }
  });

  it('cannot overlap ranges, or let them run backwards', () => {
    const whole = opening({ interval: { lower: at(10), upper: at(1_000) } });
    for (const uppers of [
      [at(5), null],
      [at(1_000), null],
      [at(2_000), null],
      [at(20), at(20), null],
      [at(30), at(20), null],
    ]) {
      assert.throws(() => feed(ours(), frameOf(whole, parts(uppers))), malformed);
    }
    assert.throws(() => feed(ours(), frameOf(opening(), parts([at(5)]))), malformed);
    const many = Array.from({ length: 17 }, (_, i) => (i === 16 ? null : at(i + 1)));
    assert.throws(() => feed(ours(), frameOf(opening(), parts(many))), malformed);
  });

  it('cannot go on about a group that is settled, or was never sent', () => {
    const found: NativeRecord = {
      tag: 'found',
      group: 0,
      last: true,
      gives: false,
      width: 2,
      prefixes: new Uint8Array(0),
    };
    for (const record of [
      { tag: 'more', group: 0, symbols: 8 },
      { tag: 'symbols', group: 0, symbols: new Uint8Array(8) },
      { tag: 'fail', group: 0, differences: 9 },
      found,
      { tag: 'give', group: 0, last: true, ids: new Uint8Array(32) },
      { tag: 'grant', group: 3, last: true, ids: new Uint8Array(32) },
    ] as NativeRecord[]) {
      assert.throws(() => feed(ours(), frameOf(opening(), record)), malformed);
    }
    const session = ours('responder');
    const [, , ...rest] = feed(session, frameOf(opening()));
    assert.ok(rest.some(({ tag }) => tag === 'sketch'));
    feed(session, frameOf(found));
    assert.throws(() => feed(session, frameOf(found)), {
      code: /MALFORMED_FRAME|UNEXPECTED_FRAME/,
    });
  });

  it('cannot make us allocate or work by counts', () => {
    const before = process.cpuUsage();
    const claims: NativeRecord[][] = [
      [opening({ count: MANY }), parts([at(5), null], MANY)],
      [opening({ count: MANY }), { tag: 'take', ranges: 1 }, { ...sketch, count: MANY }],
      [opening({ count: MANY }), { tag: 'all' }],
    ];
    for (const records of claims) feed(ours(), frameOf(...records));
    feed(ours('responder'), frameOf(opening({ count: MANY })));
    assert.throws(
      () => feed(ours(), Uint8Array.from([0x12, 2, ...new Array(9).fill(255), 1])),
      malformed,
    );
    // Of the processor, whatever else the machine does meanwhile.
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 2_000_000, `${user + system} µs of work by counts alone`);
  });

  it('is not believed when it echoes our root and our proof', () => {
    const session = open('initiator', { keys });
    const [record] = decodeFrame(session.start().frames[0]!);
    assert.ok(record?.tag === 'open');
    const { root, count } = record.opening;
    const echo = opening({ root, count });
    const sent = feed(session, frameOf(echo, { tag: 'same', ranges: 1 }));
    const proof = sent.find(({ tag }) => tag === 'proof')!;
    feed(session, frameOf(proof));
    assert.equal(session.equal, false);
    assert.equal(session.finding!.proved, false);
  });

  it('that claims a floor of 2^64-2 is never in sync', () => {
    const lower = { hint: 2n ** 64n - 2n, id: null };
    const session = ours('responder');
    const interval = { lower, upper: INFINITE_BOUND };
    const peer = open('initiator', { keys, interval });
    const dialogue = feed(session, peer.start().frames[0]!);
    feed(session, frameOf(...feed(peer, frameOf(...dialogue))));
    assert.equal(session.finding!.interval.lower.hint, lower.hint);
    assert.equal(session.equal, false);
  });

  it('that never ends is ended by frames, bytes or missing ids, whichever comes first', () => {
    const endless = (limits: object) => {
      const session = open('initiator', { keys: [], limits });
      session.start();
      feed(session, frameOf(opening({ count: MANY }), { tag: 'all' }));
      for (let i = 1; ; i++) {
        feed(session, frameOf({ tag: 'piece', upper: at(i), ids: random.bytes(32 * 20) }));
      }
    };
    for (const limits of [{ maxRounds: 50 }, { maxBytes: 10_000 }, { maxMissing: 500 }]) {
      assert.throws(() => endless(limits), { code: 'BUDGET_SPENT' });
    }
    try {
      endless({ maxMissing: 500 });
    } catch (error) {
      const [stop] = decodeFrame((error as SessionStop).parting!);
      assert.ok(stop?.tag === 'stop');
      assert.deepEqual(stop.from, at(26));
    }
  });

  it('cannot list an id twice, or one that does not hash to what was asked for', () => {
    const ids = random.bytes(64);
    const session = open('initiator', { keys: [] });
    session.start();
    feed(session, frameOf(opening(), { tag: 'all' }, { tag: 'piece', upper: at(7), ids }));
    assert.throws(
      () => feed(session, frameOf({ tag: 'piece', upper: null, ids: ids.slice(32) })),
      malformed,
    );
    const peer = open('initiator', { keys: keysOf(3, 600).slice(50) });
    const mine = open('responder', { keys: keysOf(3, 500) });
    mine.start();
    let inbound = [...decodeFrame(peer.start().frames[0]!)];
    /** Other ids are granted, and whole, as if some of those asked for were not held. */
    const forge = (records: NativeRecord[]) =>
      records.map((record) => {
        if (record.tag !== 'rest') return record;
        const { group, last, rests } = record;
        return { tag: 'grant', group, last, ids: random.bytes((rests.length / 28) * 32) } as const;
      });
    const cheat = () => {
      for (let i = 0; i < 9; i++) {
        const answers = forge(feed(mine, frameOf(...inbound)));
        inbound = forge(answers.flatMap((record) => feed(peer, frameOf(record))));
      }
    };
    assert.throws(cheat, malformed);
  });

  it('cannot prove what it does not hold', () => {
    const key = sessionKey(new Uint8Array(1), new Uint8Array(2));
    const interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
    const state = new Uint8Array(32);
    const said = key.proof('initiator', state, 5, interval);
    assert.notDeepEqual(key.proof('responder', state, 5, interval), said);
    assert.notDeepEqual(key.proof('initiator', state, 6, interval), said);
    assert.notDeepEqual(key.proof('initiator', state, 5, { ...interval, lower: at(1) }), said);
  });
});
