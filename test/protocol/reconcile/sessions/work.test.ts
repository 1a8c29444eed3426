import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel, Session, Step } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { runOf } from './carrier-harness.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

describe('ReconcileService: the work of peers', () => {
  it('holds up the next session with a peer until its debt is paid, whichever side begins it', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('work') });
    const charged: string[] = [];
    let debtMs = 0;
    const work = {
      run: <Result>(peer: string, runs: () => Result): Result => {
        charged.push(peer);
        return runs();
      },
      debtMs: () => debtMs,
    };
    const a = new Peer({ network: network.node('a'), clock, ids: idsOf(1) });
    const b = new Peer({ network: network.node('b'), clock, ids: idsOf(2), work });
    await Promise.all([a.service.start(), b.service.start()]);
    network.connect('a', 'b', { latencyMs: 10 });
    await clock.advance(20);
    for (const round of [1, 2]) {
      debtMs = 2_000;
      const session = a.service.reconcile('b');
      await clock.advance(1_900);
      debtMs = 0;
      assert.equal(b.snapshots, 2 * round - 2, 'it waits without a snapshot');
      await clock.advance(300);
      assert.equal((await session).error, null);
      assert.ok(charged.length > 0 && charged.every((peer) => peer === 'a'));
      debtMs = 2_000;
      const own = b.service.reconcile('a');
      await clock.advance(1_900);
      debtMs = 0;
      assert.deepEqual([a.snapshots, b.snapshots], [2 * round - 1, 2 * round - 1], 'no stream');
      await clock.advance(300);
      assert.equal((await own).error, null);
    }
    await Promise.all([a.service.stop(), b.service.stop()]);
  });

  it('lets a peer in debt begin a session that this node waits to begin, and ends the wait at a stop', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('work') });
    const work = {
      run: <Result>(_: string, runs: () => Result): Result => runs(),
      debtMs: () => 2_000,
    };
    const a = new Peer({ network: network.node('a'), clock, ids: idsOf(1) });
    const b = new Peer({ network: network.node('b'), clock, ids: idsOf(2), work });
    await Promise.all([a.service.start(), b.service.start()]);
    network.connect('a', 'b', { latencyMs: 10 });
    await clock.advance(20);
    const own = b.service.reconcile('a');
    const theirs = a.service.reconcile('b');
    await clock.advance(10_000);
    assert.deepEqual([(await own).role, (await theirs).error], ['responder', null]);
    const held = b.service.reconcile('a');
    await clock.advance(100);
    await b.service.stop();
    assert.equal((await held).error?.code, 'ABORTED');
    await a.service.stop();
  });

  it('charges all bytes of a session, and holds the next one up while bytes are owed', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('work') });
    const bytes = { upload: 0, download: 0 };
    const debtMs = { upload: 0, download: 0 };
    const traffic = {
      charge: (direction: keyof typeof bytes, peer: string, count: number): void => {
        assert.equal(peer, 'a');
        bytes[direction] += count;
      },
      debtMs: (direction: keyof typeof bytes): number => debtMs[direction],
    };
    const a = new Peer({ network: network.node('a'), clock, ids: idsOf(1) });
    const b = new Peer({ network: network.node('b'), clock, ids: idsOf(2), traffic });
    await Promise.all([a.service.start(), b.service.start()]);
    network.connect('a', 'b', { latencyMs: 10 });
    await clock.advance(20);
    const expected = { upload: 0, download: 0 };
    for (const owed of ['upload', 'download'] as const) {
      debtMs[owed] = 2_000;
      const session = b.service.reconcile('a');
      await clock.advance(1_900);
      debtMs[owed] = 0;
      assert.deepEqual(bytes, expected, 'no stream yet');
      await clock.advance(300);
      const { error, bytesSent, bytesReceived } = await session;
      assert.equal(error, null);
      expected.upload += bytesSent;
      expected.download += bytesReceived;
      assert.deepEqual(bytes, expected);
    }
    const theirs = a.service.reconcile('b');
    await clock.advance(300);
    assert.equal((await theirs).error, null);
    const { bytesSent, bytesReceived } = b.ended.at(-1)!;
    assert.deepEqual(
      bytes,
      { upload: expected.upload + bytesSent, download: expected.download + bytesReceived },
      'also what goes last, in the other role',
    );
    await Promise.all([a.service.stop(), b.service.stop()]);
  });

  it('shares the turns of the event loop: no slice of a session begins before its turn', async () => {
    const clock = new VirtualClock();
    const turns: (() => void)[] = [];
    let slices = 0;
    const shared = {
      sliceMs: 10,
      busyMs: () => clock.monotonic(),
      run: <Result>(slice: () => Result): Promise<Result> =>
        new Promise((resolve) => {
          turns.push(() => {
            slices++;
            resolve(slice());
          });
        }),
    };
    const inbound = [Uint8Array.of(1), null];
    const channel: Partial<Channel> = {
      receive: async () => inbound.shift()!,
      close: async () => {},
    };
    const step: Step = { frames: [], missing: [], done: false };
    const steps: Step[] = [step, { ...step, pending: 'work' }, { ...step, done: true }];
    const next = (): Step => steps.shift()!;
    const [role, equal] = ['responder', false] as const;
    const session: Session = { role, equal, start: next, receive: next, proceed: next };
    function* prepare() {
      yield;
      yield;
    }
    const parts = { channel: channel as Channel, clock, turns: shared, prepare };
    const ended = runOf(session, parts).run();
    // The snapshot, three steps to get it ready, the session, its start, a frame, and the rest of the answer.
    for (let expected = 0; expected < 8; expected++) {
      await clock.advance(0);
      assert.deepEqual([slices, turns.length], [expected, 1]);
      turns.shift()!();
    }
    await clock.advance(0);
    assert.equal((await ended).error, null);
  });

  it('is paced within a session too: before a frame of the peer, and between slices', async () => {
    for (const role of ['initiator', 'responder'] as const) {
      const clock = new VirtualClock();
      let runs = 0;
      const work = {
        run: <Result>(_: string, step: () => Result): Result => {
          runs++;
          return step();
        },
        debtMs: () => 100,
      };
      const inbound = [Uint8Array.of(1), null];
      const channel: Partial<Channel> = {
        receive: async () => inbound.shift()!,
        close: async () => {},
      };
      const steps: Step[] = [
        { frames: [], missing: [], done: false },
        { frames: [], missing: [], done: false, pending: 'work' },
        { frames: [], missing: [], done: true },
      ];
      const next = (): Step => steps.shift()!;
      const session: Session = { role, equal: false, start: next, receive: next, proceed: next };
      const ended = runOf(session, { channel: channel as Channel, clock, work }).run();
      // A responder waits for its slot and snapshot too; a caller has waited before the stream.
      const runsAfterWaits = role === 'responder' ? [0, 3, 4, 5] : [3, 4, 5];
      await clock.advance(0);
      for (const expected of runsAfterWaits) {
        assert.equal(runs, expected);
        await clock.advance(expected === 5 ? 0 : 99);
        assert.equal(runs, expected);
        await clock.advance(1);
      }
      assert.equal((await ended).error, null);
    }
  });

  it('never rests so long that a peer that waits for a frame runs out of time', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('rests') });
    const indebted = (debtMs: number) => ({
      run: <Result>(_: string, runs: () => Result): Result => runs(),
      debtMs: () => debtMs,
    });
    const a = new Peer({ network: network.node('a'), clock, ids: idsOf(1), work: indebted(0) });
    const b = new Peer({
      network: network.node('b'),
      clock,
      ids: idsOf(2),
      work: indebted(60_000),
    });
    await Promise.all([a.service.start(), b.service.start()]);
    network.connect('a', 'b', { latencyMs: 10 });
    await clock.advance(20);
    const session = a.service.reconcile('b');
    await clock.advance(4_900);
    assert.equal(b.snapshots, 0, 'the debt counts');
    await clock.advance(60_000);
    assert.equal((await session).error, null);
    await Promise.all([a.service.stop(), b.service.stop()]);
  });

  it('shares that time among all rests between two frames, and has it anew for the next', async () => {
    const clock = new VirtualClock();
    const work = {
      run: <Result>(_: string, step: () => Result): Result => step(),
      debtMs: () => 300,
    };
    const inbound = [Uint8Array.of(1), Uint8Array.of(2), null];
    const channel: Partial<Channel> = {
      receive: async () => inbound.shift()!,
      send: async () => {},
      close: async () => {},
    };
    const step: Step = { frames: [], missing: [], done: false };
    const slice: Step = { ...step, pending: 'work' };
    const sent: Step = { ...step, frames: [Uint8Array.of(3)] };
    const steps = [step, slice, slice, sent, { ...step, done: true }];
    const begins: number[] = [];
    const next = (): Step => {
      begins.push(clock.monotonic());
      return steps.shift()!;
    };
    const session: Session = {
      role: 'initiator',
      equal: false,
      start: next,
      receive: next,
      proceed: next,
    };
    const begin = clock.monotonic();
    const ended = runOf(session, { channel: channel as Channel, clock, work }).run();
    await clock.advance(20_000);
    await ended;
    const after = begins.map((at) => at - begin);
    assert.deepEqual(after, [0, 300, 500, 500, 800]);
  });
});
