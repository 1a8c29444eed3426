import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError, SessionStop } from '../../../../../../src/protocol/index.ts';
import {
  stopFor,
  stoppedBy,
} from '../../../../../../src/protocol/reconcile/dialects/native/session/testing.ts';
import type { NativeRecord } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { decodeFrame } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { converse } from '../../../../../conformance/dialect.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { frameOf, opened, say, workOn } from '../puppet.ts';
import { open, openingOf } from '../support.ts';

const random = new SeededRandom('turns');
const keys = keysOf(17, 2_000);
const at = (hint: number) => ({ hint: BigInt(hint), id: null });
const piece = (hint: number | null, ids: number): NativeRecord => ({
  tag: 'piece',
  upper: hint === null ? null : at(hint),
  ids: random.bytes(32 * ids),
});

describe('the turns of a native session', () => {
  const unexpected = (message: RegExp) => ({ code: 'UNEXPECTED_FRAME', message });

  it('begin once, with a start', () => {
    for (const role of ['initiator', 'responder'] as const) {
      const session = open(role, { keys });
      assert.throws(() => session.receive(frameOf({ tag: 'all' })), unexpected(/was not started/));
      assert.throws(() => session.proceed!(true), unexpected(/does not run/));
      assert.equal(session.start().frames.length, role === 'initiator' ? 1 : 0);
      assert.throws(() => session.start(), unexpected(/started once/));
    }
  });

  it('end with the session', () => {
    const initiator = open('initiator', { keys });
    converse(initiator, open('responder', { keys }));
    assert.throws(() => initiator.receive(frameOf({ tag: 'all' })), unexpected(/has ended/));
    assert.throws(() => initiator.proceed!(true), unexpected(/does not run/));
    assert.throws(() => initiator.start(), unexpected(/started once/));
  });

  it('are as long as sliceItems, and a frame is taken in over several', () => {
    const session = open('initiator', { limits: { sliceItems: 100 } });
    session.start();
    say(session, openingOf(random, { count: 1e6 }));
    const frame = frameOf({ tag: 'all' }, piece(1, 300), piece(null, 300));
    let step = session.receive(frame);
    assert.equal(step.pending, 'work');
    assert.throws(() => session.receive(frame), {
      code: 'UNEXPECTED_FRAME',
      message: /proceed before/,
    });
    const missing = [...step.missing];
    let turns = 1;
    for (; step.pending === 'work'; turns++) {
      assert.ok(turns < 1_000, 'it works for ever');
      step = session.proceed!(true);
      missing.push(...step.missing);
    }
    assert.equal(missing.length, 600);
    assert.ok(turns >= 6, `${turns} turns`);
  });

  it('are shorter where a call may take a share of a slice', () => {
    const turnsOf = (share?: number): number => {
      const session = open('initiator', { limits: { sliceItems: 16_384 } });
      session.start();
      say(session, openingOf(random, { count: 1e6 }));
      let step = session.receive(frameOf({ tag: 'all' }, piece(null, 1_900)), share);
      let turns = 1;
      for (; step.pending === 'work' && turns < 1_000; turns++)
        step = session.proceed!(true, share);
      return turns;
    };
    assert.ok(turnsOf(0.25) > 2 * turnsOf(), `${turnsOf(0.25)} turns and ${turnsOf()}`);
  });

  it('give no frame without room, and keep it', () => {
    const session = open('responder', { keys });
    session.start();
    let step = session.receive(frameOf(openingOf(random, { count: 2_000 })));
    for (let turns = 0; step.pending === 'work'; turns++) {
      assert.ok(turns < 1_000, 'it works for ever');
      assert.deepEqual(step.frames, []);
      step = session.proceed!(false);
    }
    assert.equal(step.pending, 'output');
    assert.deepEqual(session.proceed!(false).frames, []);
    const last = session.proceed!(true);
    assert.equal(last.frames.length, 1);
    assert.equal(last.pending, undefined);
    assert.equal(last.done, false);
  });

  it('are done when both proofs are said and heard, and the last frame is out', () => {
    const session = open('responder', { keys });
    session.start();
    const { outlines } = session;
    assert.equal(outlines, null);
    const initiator = open('initiator', { keys });
    const [opening] = initiator.start().frames;
    workOn(session, session.receive(opening!));
    assert.equal(session.finding, null);
    const answers = session.proceed!(true);
    assert.equal(answers.done, false);
    let last = initiator.receive(answers.frames[0]!);
    last = workOn(initiator, last);
    assert.equal(last.done, false, 'its own proof is still to be sent');
    last = initiator.proceed!(true);
    assert.equal(last.done, true);
    assert.equal(session.receive(last.frames[0]!).done, true);
    assert.equal(session.equal && initiator.equal, true);
    assert.equal(session.outlines!.theirs.count, 2_000);
  });
});

describe('the stop of a native session', () => {
  const reason = (code: number) => stoppedBy(code, at(3), 'so it is');

  it('by a peer that has spent its budget is no fault, any other is', () => {
    assert.equal(reason(1).code, 'BUDGET_SPENT');
    assert.match(reason(1).message, /the peer may spend no more: so it is/);
    for (const [code, name] of [
      [0, 'another reason'],
      [2, 'MALFORMED_FRAME'],
      [3, 'FRAME_TOO_LARGE'],
      [4, 'UNEXPECTED_FRAME'],
      [5, 'another reason'],
      [255, 'another reason'],
    ] as const) {
      const { code: ours, message, from, parting } = reason(code);
      assert.equal(ours, 'PEER_STOPPED');
      assert.equal(message, `the peer ended the session (${name}): so it is`);
      assert.deepEqual([from, parting], [at(3), null], 'a stop is not answered');
    }
  });

  it('is told in a frame, with its code and its bound; other errors stay what they are', () => {
    for (const [code, told] of [
      ['BUDGET_SPENT', 1],
      ['UNEXPECTED_FRAME', 4],
      ['TIMEOUT', 0],
    ] as const) {
      const stop = stopFor(new ProtocolError(code, 'why'), at(7));
      assert.ok(stop instanceof SessionStop && stop.parting !== null);
      assert.deepEqual(
        [...decodeFrame(stop.parting)],
        [{ tag: 'stop', code: told, from: at(7), reason: 'why' }],
      );
      assert.deepEqual([stop.code, stop.from], [code, at(7)]);
    }
    const other = new TypeError('a mistake');
    assert.equal(stopFor(other, null), other);
    const heard = reason(2);
    assert.equal(stopFor(heard, null), heard);
  });

  it('ends it, with all that a peer says afterwards', () => {
    const { session } = opened('responder', { keys });
    const stop: NativeRecord = { tag: 'stop', code: 1, from: at(9), reason: 'enough' };
    assert.throws(() => say(session, stop), { code: 'BUDGET_SPENT', from: at(9), parting: null });
    assert.throws(() => say(session, stop), { code: 'UNEXPECTED_FRAME' });
  });
});
