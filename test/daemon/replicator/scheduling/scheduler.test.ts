import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionScheduler } from '../../../../src/daemon/replicator/scheduling/index.ts';
import { delay } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { SeededRandom } from '../../../support/random.ts';

function setUp() {
  const clock = new VirtualClock();
  const sessions: { peer: string; at: number }[] = [];
  const state = {
    busy: false,
    overloaded: false,
    takesMs: 0,
    inSync: new Set<string>(),
    reached: new Set<string>(),
  };
  const scheduler = new SessionScheduler({
    clock,
    random: new SeededRandom(1),
    intervalMs: 10_000,
    intervalMinMs: 1_000,
    intervalMaxMs: 60_000,
    jitter: 0.2,
    settleMs: 100,
    settleMaxMs: 1_000,
    silenceMs: 3_000,
    sessions: {
      run: async (peer) => {
        sessions.push({ peer, at: clock.monotonic() });
        if (state.takesMs > 0) await delay(clock, state.takesMs);
      },
      get busy() {
        return state.busy;
      },
    },
    peers: { inSync: (peer) => state.inSync.has(peer) },
    pushed: {
      get overloaded() {
        return state.overloaded;
      },
      reached: (peer) => state.reached.has(peer),
    },
  });
  scheduler.start([]);
  return { clock, sessions, state, scheduler };
}

describe('SessionScheduler', () => {
  it('runs a session soon after a peer connects, then one an interval, within the jitter', async () => {
    const { clock, sessions, scheduler } = setUp();
    scheduler.connected('a');
    await clock.advance(100);
    assert.equal(sessions.length, 1);
    await clock.advance(60_000);
    const gaps = sessions.slice(1).map(({ at }, i) => at - sessions[i]!.at);
    assert.ok(gaps.length >= 5);
    for (const gap of gaps) assert.ok(gap >= 8_000 && gap <= 12_000, `${gap}`);
    assert.ok(new Set(gaps).size > 1, 'all gaps are the same');
  });

  it('restarts the interval after a session that another part began', async () => {
    const { clock, sessions, scheduler } = setUp();
    scheduler.connected('a');
    await clock.advance(7_000);
    scheduler.ended('a', 'unknown');
    await clock.advance(7_000);
    assert.equal(sessions.length, 1);
  });

  it('waits for quiet after changes, but not forever, and skips peers in sync', async () => {
    const { clock, sessions, state, scheduler } = setUp();
    scheduler.connected('a');
    scheduler.connected('b');
    state.inSync.add('b');
    await clock.advance(100);
    sessions.length = 0;
    for (let i = 0; i < 30; i++) {
      scheduler.changed();
      await clock.advance(50);
    }
    assert.deepEqual(
      sessions.map(({ peer }) => peer),
      ['a'],
    );
    await clock.advance(200);
    assert.equal(sessions.length, 2);
  });

  it('puts sessions off while fetches are under way', async () => {
    const { clock, sessions, state, scheduler } = setUp();
    scheduler.connected('a');
    await clock.advance(100);
    state.busy = true;
    scheduler.changed();
    await clock.advance(500);
    assert.equal(sessions.length, 1);
    state.busy = false;
    await clock.advance(100);
    assert.equal(sessions.length, 2);
  });

  it('lengthens the interval while sets are equal, and shortens it when they differ', async () => {
    const { clock, sessions, scheduler } = setUp();
    scheduler.connected('a');
    await clock.advance(100);
    const next = async (outcome: 'equal' | 'different' | 'unknown'): Promise<number> => {
      const [at, known] = [clock.monotonic(), sessions.length];
      scheduler.ended('a', outcome);
      while (sessions.length === known) await clock.advance(100);
      return sessions.at(-1)!.at - at;
    };
    const around = (ms: number, expected: number) =>
      assert.ok(ms >= 0.8 * expected && ms <= 1.2 * expected, `${ms} ms, not ${expected}`);
    for (const expected of [20_000, 40_000, 60_000, 60_000]) around(await next('equal'), expected);
    around(await next('unknown'), 60_000);
    for (const expected of [15_000, 3_750, 1_000, 1_000]) around(await next('different'), expected);
    around(await next('equal'), 2_000);
  });

  it('waits for silence with peers covered by push, however long changes go on', async () => {
    const { clock, sessions, state, scheduler } = setUp();
    for (const peer of ['a', 'b']) scheduler.connected(peer);
    state.reached.add('a');
    await clock.advance(100);
    sessions.length = 0;
    for (let i = 0; i < 20; i++) {
      scheduler.changed();
      await clock.advance(300);
    }
    assert.ok(sessions.length > 10);
    assert.ok(sessions.every(({ peer }) => peer === 'b'));
    state.inSync.add('b');
    sessions.length = 0;
    await clock.advance(3_200);
    assert.deepEqual(
      sessions.map(({ peer }) => peer),
      ['a'],
    );
  });

  it('runs one session soon after a gap, in sync or not, however often the gap is reported', async () => {
    const { clock, sessions, state, scheduler } = setUp();
    for (const peer of ['a', 'b']) scheduler.connected(peer);
    state.inSync.add('a').add('b');
    await clock.advance(1_500);
    sessions.length = 0;
    for (let i = 0; i < 30; i++) {
      scheduler.gap('a');
      await clock.advance(20);
    }
    assert.deepEqual(
      sessions.map(({ peer }) => peer),
      ['a'],
    );
    await clock.advance(1_200);
    assert.equal(sessions.length, 2);
    await clock.advance(1_200);
    scheduler.gap();
    await clock.advance(300);
    assert.deepEqual(
      sessions
        .map(({ peer }) => peer)
        .slice(2)
        .sort(),
      ['a', 'b'],
    );
  });

  it('serves the longest waiting peers first', async () => {
    const { clock, sessions, scheduler } = setUp();
    for (const peer of ['a', 'b', 'c']) scheduler.connected(peer);
    await clock.advance(1_500);
    scheduler.gap('a');
    await clock.advance(300);
    sessions.length = 0;
    scheduler.changed();
    await clock.advance(200);
    assert.equal(sessions.at(-1)?.peer, 'a');
    assert.equal(sessions.length, 3);
  });

  it('forgets a peer that leaves, and all peers when it stops', async () => {
    const { clock, sessions, scheduler } = setUp();
    scheduler.connected('a');
    scheduler.connected('b');
    scheduler.disconnected('a');
    await clock.advance(100);
    assert.deepEqual(
      sessions.map(({ peer }) => peer),
      ['b'],
    );
    scheduler.changed();
    scheduler.stop();
    await clock.advance(60_000);
    assert.equal(sessions.length, 1);
    assert.equal(clock.pending, 0);
  });
});

describe('SessionScheduler of an overloaded node', () => {
  it('begins one session at a time and rests after each, whatever asks for one', async () => {
    const { clock, sessions, state, scheduler } = setUp();
    state.overloaded = true;
    for (const peer of ['a', 'b', 'c']) scheduler.connected(peer);
    await clock.advance(100);
    assert.equal(sessions.length, 1, 'all three are due');
    const gapsOf = async (takesMs: number): Promise<number[]> => {
      state.takesMs = takesMs;
      await clock.advance(40_000);
      sessions.length = 0;
      while (sessions.length < 7) {
        scheduler.changed();
        scheduler.gap();
        await clock.advance(50);
      }
      const peers = sessions.map(({ peer }) => peer);
      assert.deepEqual(new Set(peers.slice(0, 3)), new Set(['a', 'b', 'c']), 'in turn');
      assert.deepEqual(peers.slice(3, 6), peers.slice(0, 3));
      return sessions.slice(1).map(({ at }, i) => at - sessions[i]!.at);
    };
    assert.deepEqual(await gapsOf(0), Array(6).fill(1_000));
    assert.deepEqual(await gapsOf(500), Array(6).fill(2_500));
    assert.deepEqual(await gapsOf(5_000), Array(6).fill(15_000), 'at most the interval');
    assert.deepEqual(await gapsOf(60_000), Array(6).fill(10_000), 'a session that does not end');
    state.overloaded = false;
    const before = sessions.length;
    await clock.advance(5_000);
    assert.equal(sessions.length >= before + 3, true, 'all that are due');
    scheduler.stop();
  });
});
