import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Item } from '../../src/store/index.ts';
import { within } from '../support/within.ts';
import { type Answer, Impostor } from './support/impostor.ts';
import { each, join2, TestMesh, until } from './support/mesh.ts';

const PAYLOADS = Array.from({ length: 50 }, (_, i) => new TextEncoder().encode(`item ${i}`));

/** A victim that knows only the impostor at first, then an honest holder of the same items too. */
async function play(
  context: TestContext,
  answer: Answer,
  { outcome, penalty = null }: { outcome: string; penalty?: string | null },
): Promise<void> {
  const mesh = await TestMesh.create(context);
  const impostor = await Impostor.start(PAYLOADS, answer);
  context.after(() => impostor.stop());
  const victim = await mesh.start('victim', { args: ['--set', 'fetch.stallTimeoutMs=1000'] });
  await victim.client.addPeer(impostor.address);
  const line = await victim.daemon.logged((entry) => entry.outcome === outcome);
  const peer = impostor.libp2p.peerId.toString();
  assert.equal(line.peer, peer);
  if (penalty !== null) {
    await victim.daemon.logged((entry) => entry.code === penalty && entry.peer === peer);
  }
  const { peers } = await victim.client.status();
  assert.equal(peers[0]!.standing.lastPenalty?.code ?? null, penalty);
  assert.ok((await victim.client.status()).set.items < PAYLOADS.length);

  const honest = await mesh.start('honest');
  await each(PAYLOADS.length, (i) => honest.client.put(PAYLOADS[i]!, 1n));
  await join2(victim, honest);
  await until(
    () => victim.client.status(),
    ({ set }) => set.items === PAYLOADS.length,
  );
}

describe('a dishonest source', () => {
  it('that serves wrong bytes is detected, and another source is asked', async (context) => {
    const wrong = async (item: Item | undefined) =>
      item && { ...item, payload: item.payload.map((byte) => byte ^ 1) };
    await play(context, wrong, { outcome: 'invalid', penalty: 'WRONG_BYTES' });
  });

  it('that never answers is left, and another source is asked', async (context) => {
    // Its sessions are good, so it counts as reachable.
    await play(context, () => new Promise(() => {}), { outcome: 'stalled' });
  });
});

describe('fetch.requestsPerPeer', () => {
  it('is how many requests a peer gets at a time', async (context) => {
    const mesh = await TestMesh.create(context);
    const all = Promise.withResolvers<string>();
    let asked = 0;
    const impostor = await Impostor.start(PAYLOADS, () => {
      if (++asked === 4) all.resolve('four at a time');
      return new Promise(() => {});
    });
    context.after(() => impostor.stop());
    const { client, daemon } = await mesh.start('victim', {
      args: ['--set', 'fetch.requestsPerPeer=4'],
    });
    await client.addPeer(impostor.address);
    const failed = daemon.logged((line) => line.outcome !== undefined).then(() => 'fewer');
    assert.equal(
      await within(Promise.race([all.promise, failed]), 'the requests'),
      'four at a time',
    );
  });
});
