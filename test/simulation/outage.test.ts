import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PEERS, star } from './star.ts';

describe('an outage of a minute in front of 64 peers', () => {
  it('that breaks all connections leads to at most one penalty each, and to no ban', async () => {
    const { mesh, penalties, given, peers, connect, write } = await star('broken');
    await write(30);
    for (const peer of peers) mesh.network.disconnect('hub', peer);
    await write(60);
    connect();
    await write(60);
    assert.ok(given.length <= PEERS, `${given.length} penalties`);
    assert.ok(peers.every((peer) => penalties.of(peer).score <= 1));
    assert.deepEqual(penalties.bans, []);
    assert.ok(await mesh.converge(120_000), 'the sets differ');
    await mesh.stop();
  });
});
