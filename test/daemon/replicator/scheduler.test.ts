import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionScheduler } from '../../../src/daemon/replicator/scheduler.ts';
import { VirtualClock } from '../../support/clock.ts';
import { SeededRandom } from '../../support/random.ts';

function setUp() {
  const clock = new VirtualClock();
  const sessions: { peer: string; at: number }[] = [];
  const state = { busy: false, inSync: new Set<string>() };
  const scheduler = new SessionScheduler({
    clock,
    random: new SeededRandom(1),
    intervalMs: 10_000,
    jitter: 0.2,
    settleMs: 100,
    settleMaxMs: 1_000,
    run: async (peer) => {
      sessions.push({ peer, at: clock.monotonic() });
    },
    inSync: (peer) => state.inSync.has(peer),
    busy: () => state.busy,
  });
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

  it('starts the interval anew when a session ended that somebody else began', async () => {
    const { clock, sessions, scheduler } = setUp();
    scheduler.connected('a');
    await clock.advance(7_000);
    scheduler.ended('a');
    await clock.advance(7_000);
    assert.equal(sessions.length, 1);
  });

  it('waits for quiet after changes, but not for ever, and leaves out peers in sync', async () => {
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

  it('forgets a peer that goes, and everything when it stops', async () => {
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
