import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commonware, negentropy, type Session } from '../../../../../src/protocol/index.ts';
import { encodeMessage } from '../../../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import { MessageWriter } from '../../../../../src/protocol/reconcile/dialects/negentropy/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import {
  type Bound,
  concatBytes,
  type FingerprintScheme,
  INFINITE_BOUND,
  type ItemKey,
  type Snapshot,
  SortedVector,
  sum256,
} from '../../../../../src/store/index.ts';
import { wholeAnswer } from '../../../../support/whole-answer.ts';
import { wideSum } from '../../../../support/wide-sum.ts';

const MANY = 20_000;

/** Keys whose ids begin with `side`. */
const keysOf = (side: number): ItemKey[] =>
  Array.from({ length: MANY }, (_, i) => {
    const id = new Uint8Array(32).fill(side, 0, 1);
    new DataView(id.buffer).setUint32(1, i);
    return { hint: BigInt(i + 1), id };
  });
const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });
const theirs = concatBytes(...keysOf(2).map(({ id }) => id));
const none = new Uint8Array(0);

const commonwareFrames: Record<string, readonly MessageRange[]> = {
  fingerprints: Array.from({ length: MANY }, (_, i) => ({
    mode: 'fingerprint',
    upper: at(i + 1),
    fingerprint: new Uint8Array(32),
  })),
  'empty lists': Array.from({ length: MANY }, (_, i) => ({
    mode: 'list',
    upper: at(i + 1),
    ids: none,
  })),
  ids: [{ mode: 'list', upper: at(MANY), ids: theirs }],
  skips: Array.from({ length: MANY }, (_, i) => ({ mode: 'skip', upper: at(i + 1) })),
};

function snapshotOf(keys: readonly ItemKey[], scheme: FingerprintScheme): Snapshot {
  const set = new SortedVector({ scheme });
  set.insert(keys);
  return set.snapshot();
}

/** Slices of an answer; each ends after some 1,024 items. */
function slicesOf(session: Session, frame: Uint8Array): number {
  session.start();
  let slices = 0;
  wholeAnswer(session, frame, () => void slices++);
  return slices;
}

describe('the answer to one frame', () => {
  for (const [name, ranges] of Object.entries(commonwareFrames)) {
    for (const role of ['initiator', 'responder'] as const) {
      it(`is made in slices by a commonware ${role}, for ${name}`, () => {
        const snapshot = snapshotOf(keysOf(1), wideSum);
        const frame = encodeMessage([...ranges, { mode: 'skip', upper: INFINITE_BOUND }]);
        const slices = slicesOf(commonware.session({ role, snapshot }), frame);
        assert.ok(slices >= MANY / 1_100, `${slices} slices`);
      });
    }
  }

  for (const role of ['initiator', 'responder'] as const) {
    it(`is made in slices by a negentropy ${role}, for ids`, () => {
      const snapshot = snapshotOf(keysOf(role === 'initiator' ? 1 : 2), sum256);
      const message = new MessageWriter(2 << 20);
      message.list(INFINITE_BOUND, MANY, [theirs]);
      const slices = slicesOf(negentropy.session({ role, snapshot }), message.encode());
      assert.ok(slices >= MANY / 1_100, `${slices} slices`);
    });
  }

  it('tells missing ids slice by slice', () => {
    const snapshot = snapshotOf(keysOf(1), wideSum);
    const session = commonware.session({ role: 'responder', snapshot });
    session.start();
    let most = 0;
    let step = session.receive(
      encodeMessage([{ mode: 'list', upper: INFINITE_BOUND, ids: theirs }]),
    );
    for (; step.pending === 'work'; step = session.proceed!(true)) {
      most = Math.max(most, step.missing.length);
    }
    assert.ok(most > 0 && most <= 1_024, `${most} ids`);
    assert.ok(step.missing.length <= 1_024);
  });

  it('lists no more ids than its budget, for 17 bytes that ask for everything', () => {
    const snapshot = snapshotOf(keysOf(1), wideSum);
    const session = commonware.session({
      role: 'responder',
      snapshot,
      limits: { maxVisitedItems: 1_024 },
    });
    session.start();
    const everything = encodeMessage([{ mode: 'list', upper: INFINITE_BOUND, ids: none }]);
    assert.equal(everything.length, 17);
    const { frames } = wholeAnswer(session, everything);
    assert.ok(frames[0]!.length < 1_024 * 32 + 200, `${frames[0]!.length} bytes`);
    assert.ok(frames[0]!.length > 1_000 * 32);
  });

  it('charges listed ids: ranges behind a long list are put off', () => {
    const snapshot = snapshotOf(keysOf(1), wideSum);
    const session = commonware.session({
      role: 'responder',
      snapshot,
      limits: { maxVisitedItems: 1_024 },
    });
    session.start();
    const upper = at(5);
    const { frames } = wholeAnswer(
      session,
      encodeMessage([
        { mode: 'list', upper, ids: theirs },
        { mode: 'list', upper: INFINITE_BOUND, ids: none },
      ]),
    );
    assert.ok(frames[0]!.length < 1_000, `${frames[0]!.length} bytes`);
  });
});
