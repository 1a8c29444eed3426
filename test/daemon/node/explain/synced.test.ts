import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { synced } from '../../../../src/daemon/node/explain/testing.ts';
import type { SyncedAnswer } from '../../../../src/daemon/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { soon } from '../../../support/soon.ts';

type Facts = Omit<SyncedAnswer, 'synced' | 'maxLagSeconds'>;

const interval = { lower: '0', upper: 'infinity' };

function peer(lagSeconds: number | null, peerId = 'p'): Facts['peers'][number] {
  return {
    peerId,
    inSync: false,
    coversAsOf: lagSeconds === null ? null : { at: 'then', interval },
    equalAsOf: null,
    lagSeconds,
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
    renewed: [] as string[][],
    renew: async () => {},
  };
  const over = new AbortController();
  const ask = (maxLagSeconds: number | null, waitMs = 0) =>
    synced(
      { maxLagSeconds, waitMs, signal: over.signal },
      {
        clock,
        now: () => node.facts,
        renew: async (peers) => {
          node.renewed.push([...peers]);
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
  it('is that of the status if the client names no lag, and starts no session', async () => {
    const { node, answer } = create();
    assert.deepEqual(await answer(null), { ...node.facts, synced: true, maxLagSeconds: null });
    node.facts = { ...node.facts, state: 'behind' };
    assert.equal((await answer(null)).synced, false);
    assert.deepEqual(node.renewed, []);
  });

  it('renews proofs that are older than the client allows, of those peers alone', async () => {
    const { node, answer } = create({ peers: [peer(4), peer(4.1, 'q'), peer(null, 'r')] });
    node.renew = async () => {
      node.facts = { ...node.facts, peers: [peer(0.1)] };
    };
    assert.equal((await answer(4)).synced, true);
    assert.deepEqual(node.renewed, [['q', 'r']]);
    assert.equal((await answer(4)).synced, true);
    assert.equal(node.renewed.length, 1);
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
    const asked = ask(null, 10_000);
    await clock.advance(3_000);
    node.facts = { ...node.facts, state: 'in-sync' };
    await clock.advance(500);
    assert.equal((await soon(clock, 'an answer', asked, 0)).synced, true);
    node.facts = { ...node.facts, state: 'behind' };
    const { synced, ms } = await timed(null, 10_000);
    assert.deepEqual([synced, ms], [false, 10_000]);
  });

  it('is not waited for once the client is gone', async () => {
    const { clock, over, ask } = create({ state: 'behind' });
    const gone = assert.rejects(ask(null, 10_000), /gone/);
    await clock.advance(600);
    over.abort(new Error('gone'));
    await gone;
    assert.equal(clock.pending, 0);
  });
});
