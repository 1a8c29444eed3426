import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Step } from '../../../../../src/protocol/index.ts';
import { commonware } from '../../../../../src/protocol/index.ts';
import { encodeMessage } from '../../../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import {
  type Bound,
  bytesToHex,
  hexToBytes,
  INFINITE_BOUND,
  ZERO_BOUND,
} from '../../../../../src/store/index.ts';
import { converse, sorted, survives } from '../../../../conformance/dialect.ts';
import { wholeAnswer } from '../../../../support/whole-answer.ts';
import { wideSum } from '../../../../support/wide-sum.ts';
import { c, run, snapshotOf, vectors } from './vectors.ts';

const snapshot = snapshotOf(run(0, 100), wideSum);
const malformed = { name: 'ProtocolError', code: 'MALFORMED_FRAME' };
const bogus = new Uint8Array(32).fill(7);
const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });
const print = (upper: Bound): MessageRange => ({ mode: 'fingerprint', upper, fingerprint: bogus });
const list = (upper: Bound, ...ids: Uint8Array[]): MessageRange => ({
  mode: 'list',
  upper,
  ids: hexToBytes(ids.map(bytesToHex).join('')),
});

function receive(frame: Uint8Array, role: 'initiator' | 'responder' = 'responder'): Step {
  const session = commonware.session({ role, snapshot });
  session.start();
  return wholeAnswer(session, frame);
}

function vector(name: string): Uint8Array {
  return hexToBytes(vectors.hostile_reconcile.find((one) => one.name.startsWith(name))!.hex!);
}

describe('a hostile peer', () => {
  it('is refused where the reference goes astray', () => {
    for (const name of ['zero ranges', 'bounds go backwards', 'does not reach', '20 alternating']) {
      assert.throws(() => receive(vector(name)), malformed, name);
    }
    const copies = Array.from({ length: 1000 }, () => print(INFINITE_BOUND));
    assert.throws(() => receive(encodeMessage(copies)), malformed);
  });

  it('is refused for bounds that stand still or lie past infinity', () => {
    const beyond: Bound = { ...INFINITE_BOUND, id: bogus };
    for (const uppers of [[ZERO_BOUND], [at(5), at(5)], [beyond], [INFINITE_BOUND, beyond]]) {
      const frame = encodeMessage([...uppers, INFINITE_BOUND].map(print));
      assert.throws(() => receive(frame), malformed);
      assert.throws(() => receive(frame.subarray(0, -1)), malformed);
    }
  });

  it('reports an id missing once, however often the peer lists it', () => {
    const again = [list(at(9), bogus), list(at(10), bogus), list(INFINITE_BOUND, bogus, c(3).id)];
    for (const frame of [vector('idlist with the same'), encodeMessage(again)]) {
      assert.equal(receive(frame).missing.length, 1);
    }
    const session = commonware.session({ role: 'responder', snapshot });
    session.start();
    const frame = encodeMessage([list(at(5), bogus), print(INFINITE_BOUND)]);
    assert.equal(session.receive(frame).missing.length, 1);
    assert.equal(session.receive(frame).missing.length, 0);
  });

  it('may list an id outside its range, which is looked up in the whole set', () => {
    const step = receive(vector('idlist with an id outside'));
    assert.deepEqual(sorted(step.missing), ['09'.repeat(32)]);
    assert.deepEqual(
      receive(encodeMessage([list(at(5), c(50).id), print(INFINITE_BOUND)])).missing,
      [],
    );
  });

  it('cannot have a session called equal that compared nothing, only over less than all', () => {
    const { missing } = receive(encodeMessage([{ mode: 'skip', upper: INFINITE_BOUND }]));
    assert.deepEqual(missing, []);
    const empty = wideSum.empty();
    const ids = run(0, 100).map(({ id }) => id);
    for (const [equal, opening] of [
      [false, [{ mode: 'skip', upper: INFINITE_BOUND }]],
      // So says a side that accepts no hint from 5 on.
      [
        true,
        [
          { mode: 'fingerprint', upper: at(5), fingerprint: empty },
          { mode: 'skip', upper: INFINITE_BOUND },
        ],
      ],
      [false, [list(INFINITE_BOUND, ...ids)]],
      [
        false,
        [{ mode: 'fingerprint', upper: at(5), fingerprint: empty }, list(INFINITE_BOUND, ...ids)],
      ],
    ] as [boolean, MessageRange[]][]) {
      const session = commonware.session({ role: 'responder', snapshot });
      session.start();
      assert.equal(session.receive(encodeMessage(opening)).done, true);
      assert.equal(session.equal, equal);
    }
  });

  it('gets an error for every message cut off, in either role', () => {
    const open = (role: 'initiator' | 'responder', skip: number) =>
      commonware.session({
        role,
        snapshot: snapshotOf(
          run(0, 90, c, (i) => i % 30 !== skip),
          wideSum,
        ),
      });
    const { frames } = converse(open('initiator', 3), open('responder', 5));
    for (const { from, frame } of frames) {
      const role = from === 'initiator' ? 'responder' : 'initiator';
      for (let end = 0; end < frame.length; end++) {
        assert.throws(() => receive(frame.subarray(0, end), role), malformed);
      }
    }
  });

  it('gets a short answer to frames of megabytes, and leaves no memory behind', () => {
    const many: MessageRange[][] = [
      Array.from({ length: 300_000 }, (_, i) => ({ mode: 'skip', upper: at(i + 1) })),
      Array.from({ length: 300_000 }, (_, i) => list(at(i + 1))),
      Array.from({ length: 100_000 }, (_, i) => print(at(i + 1))),
      Array.from({ length: 100_000 }, (_, i) => print(at(1_000_000 + i))),
    ];
    const frames = many.map((ranges) => encodeMessage([...ranges, print(INFINITE_BOUND)]));
    many.length = 0;
    const before = memory();
    for (const frame of frames) {
      for (const answer of [receive(frame), receive(frame, 'initiator')]) {
        assert.ok(answer.frames[0]!.length <= 1 << 20);
      }
    }
    assert.ok(memory() - before < 32 << 20, `${memory() - before} bytes kept`);
  });

  it('cannot make us allocate by counts', () => {
    const announced = ['ffffffffffffffffff01', '01ffffffffffffffffff010002ffffffff'];
    const before = memory();
    for (let i = 0; i < 2_000; i++) {
      for (const hex of announced) survives(commonwareResponder(), [hexToBytes(hex)]);
    }
    assert.ok(memory() - before < 8 << 20);
  });
});

function commonwareResponder() {
  const session = commonware.session({ role: 'responder', snapshot });
  session.start();
  return session;
}

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes in use once everything unreachable is gone. */
function memory(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
