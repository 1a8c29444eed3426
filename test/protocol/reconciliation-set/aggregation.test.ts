import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commonware, ReconciliationSet } from '../../../src/protocol/index.ts';
import { bytesToHex, type ItemKey } from '../../../src/store/index.ts';
import { converse, sorted } from '../../conformance/dialect.ts';
import { c, idOf, run, snapshotsOf, vectors } from '../reconcile/dialects/commonware/vectors.ts';
import { hex } from './ids.ts';

describe('aggregation over three peers', () => {
  const mine = run(0, 200, c, (i) => i % 4 !== 0);
  const x = (j: number): ItemKey => ({ hint: BigInt(9_000_000 + j), id: idOf('X', j) });
  const theirs: Record<string, ItemKey[]> = {
    P1: run(0, 200, c, (i) => i % 3 !== 0),
    P2: run(0, 200, c, (i) => i % 5 !== 0),
    P3: [...run(0, 100), ...run(0, 4, x)],
  };
  for (const one of vectors.reconciliation_set.cases) {
    it(one.name, () => {
      const set = new ReconciliationSet();
      let blind = false;
      for (const session of one.sessions) {
        const [me, peer] = snapshotsOf(mine, theirs[session.peer]!);
        const first = session.initiator === 'me';
        const { frames, missing } = converse(
          commonware.session({ role: 'initiator', snapshot: first ? me : peer }),
          commonware.session({ role: 'responder', snapshot: first ? peer : me }),
        );
        const learnt = first ? missing.initiator : missing.responder;
        const told = first ? missing.responder : missing.initiator;
        assert.deepEqual(sorted(learnt), [...session.me_missing_true].sort());
        assert.deepEqual(sorted(told), [...session.peer_missing_true].sort());
        set.add(session.peer, learnt);
        const correct =
          session.me_missing_found_in_order.length === session.me_missing_true.length &&
          session.peer_missing_found.length === session.peer_missing_true.length;
        blind ||= !correct;
        if (correct) assert.deepEqual(hex(frames.map(({ frame }) => frame)), session.messages);
      }
      assert.equal(set.size, one.true_union_count);
      const aggregated = one.aggregated_missing_in_order_with_sources;
      const ours = [...set.missing()].map((i) => ({ id: bytesToHex(i), sources: set.sources(i) }));
      if (!blind) assert.deepEqual(ours, aggregated);
      const [oldest] = set.missing();
      assert.equal(set.received(oldest!), one.mark_received_first);
      assert.equal(set.received(oldest!), one.mark_received_again);
      assert.deepEqual(set.sources(oldest!), []);
      assert.equal(set.size, one.true_union_count - 1);
    });
  }
});
