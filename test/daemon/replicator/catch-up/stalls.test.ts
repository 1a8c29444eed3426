import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Plan, type Slice, Stalls } from '../../../../src/daemon/replicator/catch-up/testing.ts';
import type { Fetcher } from '../../../../src/daemon/replicator/fetching/index.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { bytesToKey } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { at, idOf, idsOf } from '../support.ts';

class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly wanted: ReconciliationSet = new ReconciliationSet();
  readonly plan: Plan = new Plan({ sliceItems: 2_000, streamedItems: 256, maxPending: 10_000 });
  readonly fetcher: { paused: Fetcher['paused'] } = { paused: null };
  readonly #stalls: Stalls = new Stalls({
    clock: this.clock,
    wanted: this.wanted,
    plan: this.plan,
    fetcher: this.fetcher,
  });

  constructor(slices = 1) {
    const parts = Array.from({ length: slices }, (_, i) => ({
      lower: at(i),
      upper: at(i + 1),
      ours: 0,
      theirs: 1_500,
      differs: true,
    }));
    this.plan.begin(parts, 1);
  }

  /** The peer lists so many ids in the next slice. */
  list(peer: string, count: number, from = 0): Slice {
    const job = this.plan.next({ peer: peer, alone: true, streams: false })!;
    this.plan.started(job, peer);
    this.wanted.add(peer, idsOf(count, from));
    this.plan.learnt(job.slice, idsOf(count, from));
    this.plan.listed(job.slice, null);
    return job.slice;
  }

  store(number: number): void {
    this.wanted.received(idOf(number));
    this.plan.stored([bytesToKey(idOf(number))]);
  }

  /** What is found, having looked every so many milliseconds. */
  async look(afterMs: number): Promise<string> {
    await this.clock.advance(afterMs);
    return this.#stalls
      .find()
      .map(([slice, stall]) => `${stall} ${this.plan.slices.indexOf(slice)}`)
      .join();
  }
}

describe('a slice that does not arrive', () => {
  it('has stalled after fifteen seconds without an item, counted from the first check', async () => {
    const rig = new Rig();
    rig.list('a', 3);
    for (const number of [0, 1]) {
      assert.equal(await rig.look(50_000), '');
      assert.equal(await rig.look(14_999), '');
      assert.equal(await rig.look(1), 'stalled 0');
      assert.equal(await rig.look(1_000), 'stalled 0', 'until it is dealt with');
      rig.store(number);
    }
    assert.equal(await rig.look(1_000), '');
  });

  it('has not stalled while another slice of the same peer arrives, and has while one of another peer does', async () => {
    for (const [peer, found] of [
      ['a', ''],
      ['b', 'stalled 0'],
    ] as const) {
      const rig = new Rig(2);
      rig.list('a', 1);
      rig.list(peer, 30, 10);
      await rig.look(0);
      for (let i = 0; i < 15; i++) {
        rig.store(10 + i);
        assert.equal(await rig.look(1_000), i === 14 ? found : '');
      }
    }
  });

  it('has two minutes where only large items are missing', async () => {
    const rig = new Rig();
    rig.list('a', 2);
    for (const id of idsOf(2)) rig.wanted.enlarge(id, { peer: 'a', bytes: 1_000_000 });
    await rig.look(0);
    assert.equal(await rig.look(119_999), '');
    assert.equal(await rig.look(1), 'stalled 0');
    rig.wanted.add('a', [idOf(2)]);
    rig.plan.learnt(rig.plan.slices[0]!, [idOf(2)]);
    rig.store(0);
    assert.equal(await rig.look(0), '');
    assert.equal(await rig.look(15_000), 'stalled 0', 'a small one is awaited too');
  });

  it('is lost when none of its ids is wanted at two checks in a row', async () => {
    const rig = new Rig();
    rig.list('a', 2);
    for (const id of idsOf(2)) rig.wanted.received(id);
    for (const _ of [1, 2]) {
      assert.equal(await rig.look(1_000), '');
      rig.wanted.add('a', [idOf(0)]);
      assert.equal(await rig.look(1_000), '', 'it is wanted again');
      rig.wanted.received(idOf(0));
    }
    assert.equal(await rig.look(1_000), '');
    assert.equal(await rig.look(1_000), 'lost 0');
  });

  it('has not stalled while fetching is paused, and its time restarts', async () => {
    const rig = new Rig(2);
    rig.list('a', 1);
    rig.list('b', 1, 10);
    rig.wanted.received(idOf(10));
    await rig.look(0);
    rig.fetcher.paused = { code: 'PAUSED', message: 'paused' };
    assert.equal(await rig.look(15_000), '');
    rig.fetcher.paused = null;
    assert.equal(await rig.look(0), '');
    rig.store(10);
    assert.equal(await rig.look(14_999), '');
    assert.equal(await rig.look(1), 'stalled 0');
  });

  it('has not stalled while it is being listed, nor after it arrived', async () => {
    const rig = new Rig(2);
    rig.list('a', 1);
    const job = rig.plan.next({ peer: 'a', alone: true, streams: false })!;
    rig.plan.started(job, 'a');
    rig.plan.learnt(job.slice, [idOf(5)]);
    rig.wanted.add('a', [idOf(5)]);
    await rig.look(0);
    rig.store(0);
    assert.equal(await rig.look(100_000), '');
  });
});
