import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commonware, EVERYTHING, type Interval } from '../../../../../src/protocol/index.ts';
import {
  encodeMessage,
  readMessage,
} from '../../../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import {
  type Bound,
  bytesToHex,
  concatBytes,
  INFINITE_BOUND,
  type ItemKey,
  ZERO_BOUND,
} from '../../../../../src/store/index.ts';
import { converse } from '../../../../conformance/dialect.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { wideSum } from '../../../../support/wide-sum.ts';
import { snapshotOf } from './vectors.ts';

const keys = keysOf(1, 400);
const at = (rank: number): Bound => ({ hint: keys[rank]!.hint, id: null });
const low: Interval = { lower: ZERO_BOUND, upper: at(300) };
const high: Interval = { lower: at(100), upper: INFINITE_BOUND };
const middle: Interval = { lower: at(100), upper: at(300) };

function open(role: 'initiator' | 'responder', held: readonly ItemKey[], interval?: Interval) {
  const accepted = interval === undefined ? {} : { interval, whole: true };
  const limits = { maxMessageBytes: 1_024 };
  return commonware.session({ role, snapshot: snapshotOf(held, wideSum), limits, ...accepted });
}

const read = (frame: Uint8Array) => [...readMessage(frame, { maxBytes: 1 << 20 })];
const modesOf = (frame: Uint8Array) => read(frame).map(({ mode }) => mode);

describe('a commonware session of a side that accepts a part', () => {
  it('opens with the fingerprint of the part, and skips the rest', () => {
    for (const [interval, modes] of [
      [EVERYTHING, ['fingerprint']],
      [low, ['fingerprint', 'skip']],
      [high, ['skip', 'fingerprint']],
      [middle, ['skip', 'fingerprint', 'skip']],
    ] as const) {
      assert.deepEqual(modesOf(open('initiator', keys, interval).start().frames[0]!), modes);
    }
  });

  it('says no id outside, also where messages are cut', () => {
    for (const [a, b] of [
      [low, high],
      [high, low],
      [middle, EVERYTHING],
      [EVERYTHING, middle],
    ] as const) {
      const odd = keys.filter((_, i) => i % 2 === 1);
      const even = keys.filter((_, i) => i % 2 === 0);
      const { frames } = converse(open('initiator', odd, a), open('responder', even, b));
      const said = frames.flatMap(({ frame }) => read(frame));
      const listed = concatBytes(
        ...said.map((range) => (range.mode === 'list' ? range.ids : new Uint8Array(0))),
      );
      const inside = new Set(keys.slice(100, 300).map(({ id }) => bytesToHex(id)));
      assert.ok(listed.length > 32 * 100, 'it lists what differs');
      for (let i = 0; i < listed.length; i += 32)
        assert.ok(inside.has(bytesToHex(listed.subarray(i, i + 32))));
    }
  });

  it('takes no id of a list that reaches beyond the part, and asks again for what lies inside', () => {
    const session = open('responder', [], middle);
    session.start();
    const list = (upper: Bound, rank: number): MessageRange => ({
      mode: 'list',
      upper,
      ids: keys[rank]!.id,
    });
    const { missing, frames } = session.receive(
      encodeMessage([list(at(200), 50), list(at(250), 220), list(INFINITE_BOUND, 350)]),
    );
    assert.deepEqual(missing, [keys[220]!.id]);
    assert.deepEqual(modesOf(frames[0]!), ['skip', 'fingerprint', 'skip', 'fingerprint', 'skip']);
  });

  it('is equal where the peer compares the asked part and finds it equal, and not later', () => {
    for (const [theirs, equal] of [
      [keys.slice(100), true],
      [keys.slice(101), false],
    ] as const) {
      const responder = open('responder', keys.slice(50), high);
      const initiator = open('initiator', theirs, EVERYTHING);
      converse(initiator, responder);
      assert.deepEqual([initiator.equal, responder.equal], [equal, equal]);
    }
  });

  it('is equal for no part that was asked for', () => {
    const sessions = (['initiator', 'responder'] as const).map((role) =>
      commonware.session({ role, snapshot: snapshotOf(keys, wideSum), interval: high }),
    );
    converse(sessions[0]!, sessions[1]!);
    assert.deepEqual(
      sessions.map(({ equal }) => equal),
      [false, false],
    );
  });
});
