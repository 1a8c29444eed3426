import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { synced } from '../../../../src/daemon/node/explain/testing.ts';
import type { SyncedAnswer } from '../../../../src/daemon/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { soon } from '../../../support/soon.ts';

type Facts = Omit<SyncedAnswer, 'synced' | 'maxLagSeconds' | 'provedSince'>;

const interval = { lower: '0', upper: 'infinity' };

function peer(lagSeconds: number | null, peerId = 'p'): Facts['peers'][number] {
  return {
    peerId,
    inSync: false,
    coversAsOf: lagSeconds === null ? null : { at: 'then', interval, whole: true },
    coversSinceAsked: null,
    equalAsOf: null,
    lagSeconds,
    gives: true,
    takes: true,
    lacks: 0,
    lacksSince: null,
    unlisted: 0,
    error: null,
  };
}

/** A node whose state the test changes. */
function create(init: Partial<Facts> = {}) {
  const clock = new VirtualClock();
  const node = {
    facts: {
      state: 'in-sync',
      reason: 'r',
      lagSeconds: 4,
      wanted: 0,
      orphans: 0,
      refused: 0,
      peers: [peer(4)],
      ...init,
    } as Facts,
    renewed: [] as { peers: readonly string[]; pauseMs: number }[],
    renew: async () => {},
  };
  const over = new AbortController();
  const ask = (
    maxLagSeconds: number,
    waitMs = 0,
    renews = true,
    provedSince: string | null = null,
  ) =>
    synced(
      { maxLagSeconds, provedSince, waitMs, renews, signal: over.signal },
      {
        clock,
        now: () => node.facts,
        renew: async (peers, pauseMs) => {
          node.renewed.push({ peers, pauseMs });
          await node.renew();
        },
      },
    );
  const answer = (...asked: Parameters<typeof ask>) =>
    soon(clock, 'an answer', ask(...asked), 60_000);
  /** With the milliseconds that it took. */
  const timed = async (...asked: Parameters<typeof ask>) => {
    const before = clock.monotonic();
    const taken = ask(...asked).then((got) => ({ ...got, ms: clock.monotonic() - before }));
    return soon(clock, 'an answer', taken, 60_000);
  };
  return { clock, node, over, ask, answer, timed };
}

describe('the answer whether a node is in sync', () => {
  it('does not wait for a proof of a peer that gives nothing', async () => {
    const silent = { ...peer(null, 'w'), gives: false };
    const { node, answer } = create({ peers: [peer(4), silent] });
    assert.equal((await answer(10)).synced, true);
    assert.deepEqual(node.renewed, []);
  });

  it('is that of the status, without a session, while proofs are at most five seconds old', async () => {
    const { node, answer } = create({ peers: [peer(5)] });
    assert.deepEqual(await answer(10), {
      ...node.facts,
      ...{ synced: true, maxLagSeconds: 10, provedSince: null },
    });
    node.facts = { ...node.facts, state: 'different' };
    assert.equal((await answer(10)).synced, false);
    assert.deepEqual(node.renewed, []);
  });

  it('renews older proofs of those peers alone, once in five seconds', async () => {
    const peers = [peer(5), peer(5.1, 'q'), peer(null, 'r')];
    for (const state of ['in-sync', 'behind', 'different'] as const) {
      const { node, answer } = create({ state, peers });
      node.renew = async () => {
        node.facts = { ...node.facts, state: 'in-sync', peers: [peer(0.1)] };
      };
      assert.equal((await answer(60)).synced, true, state);
      assert.deepEqual(node.renewed, [{ peers: ['q', 'r'], pauseMs: 5_000 }], state);
    }
  });

  it('renews proofs that are older than the client allows', async () => {
    const { node, answer } = create({ peers: [peer(2), peer(2.1, 'q')] });
    await answer(2);
    assert.deepEqual(node.renewed, [{ peers: ['q'], pauseMs: 2_000 }]);
  });

  it('rests on proofs that began after the call, if that is asked for', async () => {
    const { clock, node, ask, timed } = create();
    const at = (ms: number) => new Date(ms).toISOString();
    const provedAt = (ms: number) => ({
      ...peer((clock.now() - ms) / 1_000),
      coversAsOf: { at: at(ms), interval, whole: true },
      coversSinceAsked: at(ms),
    });
    const start = clock.now();
    // A session that ran at the time of the call proves nothing of what was written meanwhile.
    node.facts = { ...node.facts, peers: [provedAt(start - 1)] };
    const no = await timed(10, 0, true, 'now');
    assert.deepEqual([no.synced, no.state, no.provedSince], [false, 'behind', at(start)]);
    assert.match(no.reason, /since .* of p are here, and the proof must begin after .* 10 s old$/);
    assert.equal((await timed(10, 0, true)).synced, true, 'its age alone would do');
    node.renewed.length = 0;
    const waiting = ask(10, 30_000, true, 'now');
    await clock.advance(2_000);
    const pauses = node.renewed.map(({ pauseMs }) => pauseMs);
    assert.deepEqual(pauses, [1_000, 1_000, 1_000, 1_500, 2_000], 'prompt, then in peace');
    node.facts = { ...node.facts, peers: [provedAt(clock.now())] };
    assert.equal((await soon(clock, 'an answer', waiting, 1_000)).synced, true);
    const begunThere = { ...provedAt(clock.now()), coversSinceAsked: at(start - 1) };
    node.facts = { ...node.facts, peers: [begunThere] };
    assert.equal((await timed(10, 0, true, at(start))).synced, false, 'begun by the peer');
    node.facts = { ...node.facts, peers: [provedAt(clock.now())] };
    const later = at(clock.now() + 1);
    assert.equal((await timed(10, 0, true, later)).synced, false, 'of an earlier call');
  });

  it('starts no session where none can tell, nor for a client that is answered at once', async () => {
    const { node, answer } = create({ peers: [peer(99)] });
    assert.equal((await answer(10, 0, false)).synced, false);
    for (const state of ['alone', 'paused', 'refusing', 'catching-up'] as const) {
      node.facts = { ...node.facts, state };
      assert.equal((await answer(10)).synced, false, state);
    }
    assert.deepEqual(node.renewed, []);
  });

  it('is no, with the reason, if the proofs stay old', async () => {
    const { node, answer } = create();
    for (const [lag, since] of [
      [4, 'since then'],
      [null, 'yet'],
    ] as const) {
      node.facts = { ...node.facts, peers: [peer(lag)] };
      const { synced, state, reason } = await answer(3);
      assert.deepEqual([synced, state], [false, 'behind']);
      assert.equal(
        reason,
        `it is not proved ${since} that all items of p are here, and 3 s are allowed`,
      );
    }
    const error = { code: 'TIMEOUT', message: 'too slow' };
    node.facts = { ...node.facts, peers: [{ ...peer(4), error }] };
    const { reason } = await answer(3);
    assert.match(reason, /3 s are allowed; the last session failed: too slow \[TIMEOUT\]$/);
  });

  it('comes after five seconds if a session takes longer', async () => {
    const { clock, node, timed } = create();
    node.renew = () => new Promise(() => {});
    const { synced, ms } = await timed(1);
    assert.deepEqual([synced, ms], [false, 5_000]);
    assert.equal(clock.pending, 0);
  });

  it('waits for yes, for as long as the client says', async () => {
    const { clock, node, ask, timed } = create({ state: 'behind' });
    const asked = ask(10, 10_000);
    await clock.advance(3_000);
    node.facts = { ...node.facts, state: 'in-sync' };
    await clock.advance(500);
    assert.equal((await soon(clock, 'an answer', asked, 0)).synced, true);
    node.facts = { ...node.facts, state: 'behind' };
    const { synced, ms } = await timed(10, 10_000);
    assert.deepEqual([synced, ms], [false, 10_000]);
  });

  it('is not waited for once the client is gone', async () => {
    const { clock, over, ask } = create({ state: 'behind' });
    const gone = assert.rejects(ask(10, 10_000), /gone/);
    await clock.advance(600);
    over.abort(new Error('gone'));
    await gone;
    assert.equal(clock.pending, 0);
  });
});
