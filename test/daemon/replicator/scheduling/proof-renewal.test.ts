import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ProofRenewal,
  type Statement,
} from '../../../../src/daemon/replicator/scheduling/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { EVERYTHING } from '../support.ts';

const PROVE_MS = 10_000;
const SILENCE_MS = 2_000;

/** A node with the peer `p`, and sessions that prove at once unless the test says otherwise. */
function setUp() {
  const clock = new VirtualClock();
  const state = {
    cheap: true,
    inSync: false,
    proves: true,
    terms: { gives: true, takes: true },
    covers: null as Statement | null,
    began: [] as number[],
  };
  const prove = (whole = true) => {
    const now = clock.now();
    state.covers = { at: now, begunAt: now, interval: EVERYTHING, whole };
  };
  const renewal = new ProofRenewal({
    clock,
    random: { fraction: () => 0.5 } as never,
    proveMs: PROVE_MS,
    silenceMs: SILENCE_MS,
    sessions: {
      run: async () => {
        state.began.push(clock.monotonic());
        if (state.proves) prove();
      },
      get cheap() {
        return state.cheap;
      },
    },
    peers: { inSync: () => state.inSync, terms: () => state.terms },
    statements: {
      of: () => ({ coversAsOf: state.covers, coversSinceAsked: null, equalAsOf: null }),
    },
  });
  /** Writes once a second, and calls back after each. */
  const write = async (seconds: number, look: () => void = () => undefined) => {
    for (let second = 0; second < seconds; second++) {
      renewal.changed();
      await clock.advance(1_000);
      look();
    }
  };
  return { clock, state, renewal, prove, write };
}

describe('the renewal of proofs', () => {
  it('keeps each proof younger than its limit while items are written, with few sessions', async () => {
    const { clock, state, renewal, prove, write } = setUp();
    renewal.connected('p');
    prove();
    let oldest = 0;
    await write(100, () => {
      oldest = Math.max(oldest, clock.now() - state.covers!.at);
      assert.equal(renewal.late('p'), false);
    });
    assert.ok(oldest < PROVE_MS, `${oldest}`);
    assert.ok(state.began.length <= 100_000 / (0.6 * PROVE_MS), `${state.began}`);
    renewal.stop();
    assert.equal(clock.pending, 0);
  });

  it('leaves a proof alone that a session of the peer renewed', async () => {
    const { state, renewal, prove, write } = setUp();
    renewal.connected('p');
    await write(40, prove);
    assert.deepEqual(state.began, []);
    renewal.stop();
  });

  it('begins nothing where no change is unproved, or both sets are known to be equal', async () => {
    const { clock, state, renewal, prove } = setUp();
    renewal.connected('p');
    await clock.advance(1_000);
    prove();
    await clock.advance(1_000_000);
    assert.deepEqual(state.began, []);
    renewal.changed();
    state.inSync = true;
    await clock.advance(1_000_000);
    assert.deepEqual([state.began, clock.pending], [[], 0]);
  });

  it('begins nothing with a peer that gives nothing, and is never late with it', async () => {
    const { clock, state, renewal, write } = setUp();
    state.proves = false;
    state.terms.gives = false;
    renewal.connected('p');
    await write(100);
    assert.deepEqual([state.began, renewal.late('p')], [[], false]);
    renewal.stop();
    assert.equal(clock.pending, 0);
  });

  it('leaves the first change after a quiet time to the session that waits for silence', async () => {
    const { clock, state, renewal, prove } = setUp();
    renewal.connected('p');
    await clock.advance(1_000);
    prove();
    await clock.advance(1_000_000);
    const changedAt = clock.monotonic();
    renewal.changed();
    await clock.advance(SILENCE_MS - 1);
    assert.deepEqual(state.began, []);
    await clock.advance(1);
    assert.deepEqual(state.began, [changedAt + SILENCE_MS]);
    renewal.stop();
  });

  it('tries again after growing pauses when a session proves nothing, and tells that it is late', async () => {
    const { clock, state, renewal, prove } = setUp();
    state.proves = false;
    renewal.connected('p');
    await clock.advance(2 * PROVE_MS);
    assert.equal(renewal.late('p'), false);
    await clock.advance(1);
    assert.equal(renewal.late('p'), true);
    await clock.advance(5 * PROVE_MS);
    const pauses = state.began.slice(1).map((at, i) => at - state.began[i]!);
    assert.deepEqual(pauses.slice(0, 6), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    prove(false);
    assert.equal(renewal.late('p'), true, 'a part proves nothing of the rest');
    await clock.advance(1);
    prove();
    assert.equal(renewal.late('p'), false);
    renewal.disconnected('p');
    assert.equal(clock.pending, 0);
  });

  it('begins no session that would list many ids again', async () => {
    const { clock, state, renewal } = setUp();
    state.cheap = false;
    renewal.connected('p');
    await clock.advance(5 * PROVE_MS);
    assert.deepEqual(state.began, []);
    state.cheap = true;
    await clock.advance(PROVE_MS);
    assert.equal(state.began.length, 1);
    renewal.stop();
  });

  it('starts no timer for a peer that connects after the end', () => {
    const { clock, renewal } = setUp();
    renewal.stop();
    renewal.connected('p');
    renewal.changed();
    assert.equal(clock.pending, 0);
    assert.equal(renewal.late('p'), false);
  });
});
