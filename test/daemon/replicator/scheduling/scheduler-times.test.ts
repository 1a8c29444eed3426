import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionScheduler } from '../../../../src/daemon/replicator/scheduling/index.ts';
import { VirtualClock } from '../../../support/clock.ts';

const OPTIONS = {
  intervalMs: 10_000,
  intervalMinMs: 1_000,
  intervalMaxMs: 60_000,
  jitter: 0.2,
  settleMs: 100,
  settleMaxMs: 1_000,
  silenceMs: 3_000,
};

/** A scheduler whose chance the test decides: one half adds and takes nothing of an interval. */
function setUp(options: Partial<typeof OPTIONS> = {}) {
  const clock = new VirtualClock();
  const state = {
    busy: false,
    fraction: 0.5,
    inSync: new Set<string>(),
    reached: new Set<string>(),
  };
  let sessions: string[] = [];
  const scheduler = new SessionScheduler({
    clock,
    random: { fraction: () => state.fraction } as never,
    ...OPTIONS,
    ...options,
    sessions: {
      run: async (peer) => void sessions.push(`${peer} ${clock.monotonic()}`),
      get busy() {
        return state.busy;
      },
    },
    peers: { inSync: (peer) => state.inSync.has(peer) },
    pushed: { overloaded: false, reached: (peer) => state.reached.has(peer) },
  });
  scheduler.start([]);
  /** Sessions begun since the last call, each with its peer and moment. */
  const begun = async (ms: number): Promise<string[]> => {
    await clock.advance(ms);
    const some = sessions;
    sessions = [];
    return some;
  };
  return { clock, state, scheduler, begun };
}

describe('the moment of a session', () => {
  it('after a connection is random between zero and the settling time', async () => {
    for (const [fraction, at] of [
      [0, 0],
      [0.25, 25],
      [1, 100],
    ] as const) {
      const { state, scheduler, begun } = setUp();
      state.fraction = fraction;
      scheduler.connected('a');
      assert.deepEqual(await begun(7_000), [`a ${at}`]);
    }
  });

  it('by interval varies by the jitter at most', async () => {
    for (const [fraction, interval] of [
      [0, 8_000],
      [0.5, 10_000],
      [1, 12_000],
    ] as const) {
      const { state, scheduler, begun } = setUp();
      state.fraction = 0;
      scheduler.connected('a');
      state.fraction = fraction;
      assert.deepEqual(await begun(2 * interval), ['a 0', `a ${interval}`, `a ${2 * interval}`]);
    }
  });

  it('exists once for a peer that connects twice, and never for a disconnected or unknown peer', async () => {
    const { clock, scheduler, begun } = setUp();
    scheduler.connected('a');
    scheduler.connected('a');
    assert.deepEqual(await begun(9_000), ['a 50']);
    scheduler.disconnected('a');
    scheduler.disconnected('b');
    for (const peer of ['a', 'b']) scheduler.ended(peer, 'different');
    scheduler.gap('a');
    assert.deepEqual(await begun(100_000), []);
    assert.equal(clock.pending, 0);
  });

  it('restarts with the first interval when a peer reconnects', async () => {
    const { scheduler, begun } = setUp();
    scheduler.connected('a');
    await begun(50);
    for (let i = 0; i < 3; i++) scheduler.ended('a', 'equal');
    scheduler.connected('a');
    assert.deepEqual(await begun(10_050), ['a 100', 'a 10100']);
  });

  it('keeps an interval outside the minimum and the maximum', async () => {
    for (const [outcome, options, interval] of [
      ['different', { intervalMs: 500 }, 500],
      ['equal', { intervalMs: 80_000 }, 80_000],
      ['unknown', { intervalMs: 80_000 }, 80_000],
    ] as const) {
      const { scheduler, begun } = setUp(options);
      scheduler.connected('a');
      assert.deepEqual(await begun(50), ['a 50']);
      scheduler.ended('a', outcome);
      assert.deepEqual(await begun(interval), [`a ${50 + interval}`]);
    }
  });
});

describe('a session after changes', () => {
  async function connected(options: Partial<typeof OPTIONS> = {}) {
    const rig = setUp({ intervalMs: 1_000_000, intervalMaxMs: 1_000_000, ...options });
    rig.scheduler.connected('a');
    await rig.begun(10_000);
    return rig;
  }

  it('begins at the settling time after the last change', async () => {
    const { scheduler, begun } = await connected();
    for (const start of [10_000, 15_000]) {
      scheduler.changed();
      assert.deepEqual(await begun(99), []);
      scheduler.changed();
      assert.deepEqual(await begun(99), []);
      assert.deepEqual(await begun(1), [`a ${start + 199}`]);
      // The one after silence.
      assert.deepEqual(await begun(4_801), [`a ${start + 3_099}`]);
    }
  });

  it('is delayed up to the maximum, and so are the next ones', async () => {
    const { scheduler, begun } = await connected();
    const sessions = [];
    for (let i = 0; i < 50; i++) {
      scheduler.changed();
      sessions.push(...(await begun(60)));
    }
    assert.deepEqual(sessions, ['a 11000', 'a 12020']);
  });

  it('is skipped for peers in sync, and waits for silence with peers covered by push', async () => {
    const { state, scheduler, begun } = await connected();
    state.reached.add('a');
    scheduler.changed();
    assert.deepEqual(await begun(2_999), []);
    assert.deepEqual(await begun(1), ['a 13000']);
    state.inSync.add('a');
    scheduler.changed();
    assert.deepEqual(await begun(10_000), []);
  });

  it('waits repeatedly while items are fetched', async () => {
    const { state, scheduler, begun } = await connected();
    for (const start of [10_000, 16_000]) {
      state.busy = true;
      scheduler.changed();
      assert.deepEqual(await begun(2_950), []);
      state.busy = false;
      assert.deepEqual(await begun(50), [`a ${start + 3_000}`]);
      await begun(3_000);
    }
  });

  it('waits after silence too while items are fetched', async () => {
    const { state, scheduler, begun } = await connected({ settleMs: 4_000, settleMaxMs: 40_000 });
    state.busy = true;
    scheduler.changed();
    assert.deepEqual(await begun(3_500), []);
    state.busy = false;
    assert.deepEqual(await begun(2_500), ['a 16000']);
  });

  it('begins with the peer that has waited longest', async () => {
    const { scheduler, begun } = setUp({ intervalMs: 1_000_000, intervalMaxMs: 1_000_000 });
    for (const peer of ['a', 'b', 'c']) {
      scheduler.connected(peer);
      await begun(1_000);
    }
    scheduler.gap('a');
    await begun(1_000);
    scheduler.changed();
    assert.deepEqual(await begun(100), ['b 4100', 'c 4100', 'a 4100']);
  });
});

describe('a session after a gap', () => {
  it('begins although an earlier session ends before it', async () => {
    const { scheduler, begun } = setUp();
    scheduler.connected('a');
    await begun(5_000);
    for (const start of [5_000, 8_000]) {
      scheduler.gap('a');
      assert.deepEqual(await begun(100), []);
      for (const outcome of ['equal', 'unknown'] as const) scheduler.ended('a', outcome);
      assert.deepEqual(
        await begun(50),
        [`a ${start + 150}`],
        'the end of a session cancelled the session that a gap asked for',
      );
      // A session that ends now begins the interval, as ever.
      scheduler.ended('a', 'unknown');
      assert.deepEqual(await begun(2_850), []);
    }
  });

  it('begins after one or two settling times', async () => {
    for (const [fraction, at] of [
      [0, 5_100],
      [1, 5_200],
    ] as const) {
      const { state, scheduler, begun } = setUp();
      scheduler.connected('a');
      await begun(5_000);
      state.fraction = fraction;
      scheduler.gap('a');
      assert.deepEqual(await begun(1_000), [`a ${at}`]);
    }
  });

  it('begins no sooner after the last one than the longest delay by changes', async () => {
    const { scheduler, begun } = setUp();
    scheduler.connected('a');
    await begun(60);
    for (const at of [1_050, 2_050]) {
      scheduler.gap('a');
      scheduler.gap('a');
      assert.deepEqual(await begun(1_000), [`a ${at}`]);
    }
  });

  it('is with the named peer, or with all of them', async () => {
    const { scheduler, begun } = setUp();
    for (const peer of ['a', 'b']) scheduler.connected(peer);
    await begun(5_000);
    scheduler.gap('b');
    assert.deepEqual(await begun(1_000), ['b 5150']);
    scheduler.gap();
    assert.deepEqual(await begun(1_000), ['a 6150', 'b 6150']);
  });
});

describe('a scheduler that is stopped', () => {
  it('begins no session, whatever asks for one', async () => {
    const { clock, scheduler, begun } = setUp();
    for (const peer of ['a', 'c']) scheduler.connected(peer);
    await begun(1_000);
    scheduler.changed();
    scheduler.gap('a');
    scheduler.stop();
    scheduler.connected('b');
    scheduler.ended('c', 'equal');
    scheduler.changed();
    scheduler.gap();
    scheduler.ended('a', 'equal');
    assert.deepEqual(await begun(100_000), []);
    assert.equal(clock.pending, 0);
  });
});
