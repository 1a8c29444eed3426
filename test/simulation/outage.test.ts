import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { Penalties, penaltyObserver } from '../../src/daemon/penalties/index.ts';
import type { LinkInit } from '../support/memory-network.ts';
import { SimulatedMesh, type SimulatedNode } from './simulated-mesh.ts';

const PEERS = 64;

/** A node with 64 peers that all write, and the penalties that it gives. */
async function star(seed: string) {
  const mesh = new SimulatedMesh(seed, { intervalMs: 20_000 });
  const { clock, nodes } = mesh;
  const given: string[] = [];
  const incidents: string[] = [];
  const penalties: Penalties = new Penalties({
    clock,
    logger: pino({ level: 'silent' }),
    connected: () => hub.replicator.peers.connectedOnes.map(({ peer }) => peer),
    named: () => false,
    cutOff: (peer) => mesh.network.disconnect('hub', peer),
    observer: {
      penalised: ({ code }) => void given.push(code),
      incident: ({ code }) => void incidents.push(code),
    },
  });
  const hub: SimulatedNode = await mesh.add('hub', { observers: [penaltyObserver(penalties)] });
  const link: LinkInit = { latencyMs: 1 };
  for (let i = 1; i <= PEERS; i++) await mesh.add(`peer ${i}`);
  const connect = () => nodes.slice(1).forEach((_, i) => void mesh.link(0, i + 1, link));
  const peers = nodes.slice(1).map(({ id }) => id);
  connect();
  let writes = 0;
  const write = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 10) {
      const payload = new Uint8Array([++writes, writes >> 8]);
      await nodes[writes % nodes.length]!.put({ hint: BigInt(writes), payload });
      await clock.advance(10_000);
    }
  };
  return { mesh, penalties, given, incidents, link, peers, connect, write };
}

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

  it('that lets nothing through leads to at most one penalty each, and to no ban', async () => {
    const { mesh, penalties, given, incidents, link, peers, write } = await star('silent');
    await write(30);
    assert.deepEqual(given, []);
    link.latencyMs = 60_000;
    await write(60);
    link.latencyMs = 1;
    await write(90);
    assert.ok(incidents.includes('NETWORK_OUTAGE') || given.length > 0, 'peers have failed');
    assert.ok(given.every((code) => code === 'UNREACHABLE' || code === 'STALLED'));
    assert.ok(given.length <= PEERS, `${given.length} penalties`);
    assert.ok(peers.every((peer) => penalties.of(peer).score <= 2));
    assert.deepEqual(penalties.bans, []);
    assert.ok(await mesh.converge(240_000), 'the sets differ');
    await mesh.stop();
  });
});
