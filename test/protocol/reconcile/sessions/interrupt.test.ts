import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

/** Two peers; `a` answers as long as `open` says so. */
async function pairWithGate() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('interrupt') });
  const gate = { open: true };
  const answers = (): boolean => gate.open;
  const failed: unknown[] = [];
  const log = { debug: () => {}, warn: (fields: object) => void failed.push(fields) };
  const a = new Peer({ network: network.node('a'), clock, ids: idsOf(1), answers, log });
  const b = new Peer({ network: network.node('b'), clock, ids: idsOf(2) });
  await Promise.all([a.service.start(), b.service.start()]);
  network.connect('a', 'b', { latencyMs: 10 });
  await clock.advance(50);
  return { clock, gate, a, b, failed };
}

describe('a peer with which no sessions are wanted', () => {
  it('loses the running session, in either role, and its snapshot', async () => {
    for (const caller of ['a', 'b'] as const) {
      const { clock, gate, a, b } = await pairWithGate();
      const running = caller === 'a' ? a.service.reconcile('b') : b.service.reconcile('a');
      await clock.advance(5);
      gate.open = false;
      a.service.interrupt('b');
      await clock.advance(60_000);
      assert.notEqual((await running).error, null);
      assert.deepEqual([a.held, a.service.runs('b')], [0, false]);
      assert.deepEqual(a.learnt, []);
    }
  });

  it('gets no session, whoever begins, until they are wanted again', async () => {
    const { clock, gate, a, b, failed } = await pairWithGate();
    gate.open = false;
    const own = a.service.reconcile('b');
    await own;
    failed.length = 0;
    const theirs = b.service.reconcile('a');
    await clock.advance(60_000);
    assert.equal((await own).error?.message, 'replication is paused here');
    assert.notEqual((await theirs).error, null);
    assert.deepEqual(failed, [], 'a refused peer begins no session that could fail');
    assert.deepEqual([a.learnt, b.learnt], [[], []]);
    gate.open = true;
    const again = b.service.reconcile('a');
    await clock.advance(1_000);
    assert.equal((await again).error, null);
    assert.deepEqual([a.learnt, b.learnt], [[2], [1]]);
  });
});
