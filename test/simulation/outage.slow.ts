import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { star } from './star.ts';

/** No peer got a second penalty, whichever its code. */
function assertOnceEach(given: readonly { readonly peer: string; readonly code: string }[]): void {
  const blamed = new Map<string, string[]>();
  for (const { peer, code } of given) blamed.set(peer, [...(blamed.get(peer) ?? []), code]);
  const twice = [...blamed].filter(([, codes]) => codes.length > 1);
  assert.deepEqual(twice, []);
}

describe('an outage of a minute in front of 64 peers', () => {
  it('that lets nothing through leads to at most one penalty each, and to no ban', async () => {
    const { mesh, penalties, given, incidents, link, peers, write } = await star('silent');
    await write(30);
    assert.deepEqual(given, []);
    link.latencyMs = 60_000;
    await write(60);
    link.latencyMs = 1;
    await write(90);
    assert.ok(incidents.includes('NETWORK_OUTAGE') || given.length > 0, 'peers have failed');
    assert.ok(given.every(({ code }) => code === 'UNREACHABLE' || code === 'STALLED'));
    assertOnceEach(given);
    assert.ok(peers.every((peer) => penalties.of(peer).score <= 2));
    assert.deepEqual(penalties.bans, []);
    assert.ok(await mesh.converge(240_000), 'the sets differ');
    await mesh.stop();
  });

  it('that breaks all connections leads to at most one penalty each, and to no ban', async () => {
    const { mesh, penalties, given, peers, connect, write } = await star('broken');
    await write(30);
    for (const peer of peers) mesh.network.disconnect('hub', peer);
    await write(60);
    connect();
    await write(60);
    assertOnceEach(given);
    assert.ok(peers.every((peer) => penalties.of(peer).score <= 1));
    assert.deepEqual(penalties.bans, []);
    assert.ok(await mesh.converge(120_000), 'the sets differ');
    await mesh.stop();
  });
});
