import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commonware } from '../../../../../src/protocol/index.ts';
import { commonwareDialect } from '../../../../../src/protocol/reconcile/dialects/commonware/index.ts';
import {
  encodeMessage,
  Reply,
  readMessage,
} from '../../../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import { type Bound, INFINITE_BOUND } from '../../../../../src/store/index.ts';
import { wideSum } from '../../../../support/wide-sum.ts';
import { c, run, snapshotOf } from './vectors.ts';

const snapshot = snapshotOf(run(0, 60), wideSum);
const at = (rank: number): Bound => ({ hint: c(rank).hint, id: null });
const other = (upper: Bound): MessageRange => ({
  mode: 'fingerprint',
  upper,
  fingerprint: new Uint8Array(32).fill(9),
});
const skip = (upper: Bound): MessageRange => ({ mode: 'skip', upper });

describe('a commonware responder', () => {
  it('waits for the first frame, which the initiator sends', () => {
    const open = (role: 'initiator' | 'responder') =>
      commonware.session({ role, snapshot }).start();
    assert.deepEqual([open('responder').frames.length, open('initiator').frames.length], [0, 1]);
  });

  it('lists a range of 16 items, and splits one of 17, wherever it begins', () => {
    for (const [items, said] of [
      [16, ['skip', 'list', 'skip']],
      [17, ['skip', ...Array(9).fill('fingerprint'), 'skip']],
    ] as const) {
      const session = commonware.session({ role: 'responder', snapshot });
      session.start();
      const asked = [skip(at(20)), other(at(20 + items)), skip(INFINITE_BOUND)];
      const [frame] = session.receive(encodeMessage(asked)).frames;
      const modes = [...readMessage(frame!, { maxBytes: 1 << 20 })].map(({ mode }) => mode);
      assert.deepEqual(modes, said);
    }
  });

  it('lists as many ids as its message has room for', () => {
    const room = new Reply(1_024).roomForIds;
    for (const items of [room, room + 1]) {
      const limits = { maxMessageBytes: 1_024 };
      const session = commonwareDialect(60).session({ role: 'responder', snapshot, limits });
      session.start();
      const asked = [other(at(items)), skip(INFINITE_BOUND)];
      const [frame] = session.receive(encodeMessage(asked)).frames;
      const [list, rest] = [...readMessage(frame!, { maxBytes: 1_024 })];
      assert.ok(list?.mode === 'list');
      assert.equal(list.ids.length / 32, room);
      assert.equal(rest?.mode, items > room ? 'fingerprint' : 'skip');
    }
  });
});
