import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { peerIdFromString } from '@libp2p/peer-id';
import { createIdentity, createPsk } from '../../../../src/daemon/keys/index.ts';
import { encodeRecord } from '../../../../src/daemon/mesh/discovery/testing.ts';
import {
  type DiscoveryOptions,
  type MeshInit,
  peersFile,
} from '../../../../src/daemon/mesh/index.ts';
import { systemRandom } from '../../../../src/daemon/system/index.ts';
import { Log } from '../log.ts';
import { list, Meshes, type TestMesh } from '../support.ts';

type Init = Partial<MeshInit<Record<string, unknown>>>;

const QUICK: Partial<DiscoveryOptions> = {
  announceMs: 300,
  announcePerPeerMs: 30,
  tickMs: 300,
  graceMs: 300,
};

/** Real nodes over TCP. */
describe('discovery', { timeout: 120_000 }, () => {
  const meshes = new Meshes();
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rangemesh-discovery-'));
  });
  afterEach(async () => {
    await meshes.stop();
    await rm(directory, { recursive: true });
  });

  const start = (init: Init = {}, peering: Partial<DiscoveryOptions> = {}) =>
    meshes.start({ ...init, discovery: true, peering: { ...QUICK, ...peering } });
  const file = () => peersFile({ directory, networkName: 'test', logger: new Log().logger });
  const at = ({ mesh }: TestMesh) => ({ peers: [mesh.addresses[0]!] });

  it('learns the mesh from one address, and has its degree', async () => {
    const first = await start({}, { degree: 3 });
    const rest = await Promise.all(
      Array.from({ length: 9 }, () => start(at(first), { degree: 3 })),
    );
    const all = [first, ...rest];
    await until(all, () => all.every(({ mesh }) => mesh.discovery.status.known === 9));
    await until(all, () => all.every(({ mesh }) => mesh.discovery.status.connected >= 3));
    await until(all, () => rest.every(({ mesh }) => mesh.discovery.status.connected <= 6));
    for (const { mesh } of all) {
      const others = all.filter((other) => other.mesh !== mesh).map((other) => other.mesh.peerId);
      assert.deepEqual(mesh.discovery.peers.map(({ peer }) => peer).sort(), others.sort());
    }
  });

  it('finds the mesh through its file when its configured peer is gone', async () => {
    const first = await start();
    const given = at(first);
    const identity = await createIdentity(systemRandom);
    const before = await start({ ...given, identity, peersFile: file() });
    const others = [await start(at(first)), await start(at(first))];
    await until([before], () => before.mesh.discovery.status.known === 3);
    await before.mesh.stop();
    await first.mesh.stop();
    const after = await start({ ...given, identity, peersFile: file() });
    await until([after], () => after.mesh.discovery.status.connected === 2);
    for (const { mesh } of others) assert.ok(after.mesh.connections.connected(mesh.peerId));
    // It has been dialled in vain by then, and is worth less than those that are there.
    await until([after], () => after.mesh.discovery.peers.at(-1)?.peer === first.mesh.peerId);
    await after.mesh.stop();
    const saved = JSON.parse(await readFile(join(directory, 'peers.json'), 'utf8'));
    assert.equal(saved.peers.length, 3);
    assert.equal(saved.peers.at(-1).peer, first.mesh.peerId);
  });

  it('finds a node again that returns at another port', async () => {
    const identity = await createIdentity(systemRandom);
    const first = await start();
    const gone = await start({ ...at(first), identity });
    const other = await start(at(first), { degree: 2 });
    await until([other], () => other.mesh.connections.connected(identity.peerId));
    await gone.mesh.stop();
    await until([other], () => !other.mesh.connections.connected(identity.peerId));
    await start({ ...at(first), identity });
    await until([other], () => other.mesh.connections.connected(identity.peerId));
  });

  it('introduces only peers with access to each other', async () => {
    const identities = await Promise.all([1, 2, 3].map(() => createIdentity(systemRandom)));
    const [a, b, c] = identities.map(({ peerId }) => peerId) as [string, string, string];
    const hub = await start({ ...list(a, b, c), identity: identities[0]! });
    const one = await start({ ...list(a, b), ...at(hub), identity: identities[1]! });
    const two = await start({ ...list(a, b, c), ...at(hub), identity: identities[2]! });
    await until([hub, one, two], () => two.mesh.discovery.status.known === 2);
    await until([hub, one, two], () => hub.mesh.discovery.status.known === 2);
    await one.log.until(({ code, peer }) => code === 'PEER_NOT_LISTED' && peer === c);
    await until([hub, one, two], () => one.mesh.discovery.status.known > 0);
    assert.deepEqual(
      one.mesh.discovery.peers.map(({ peer }) => peer),
      [a],
    );
  });

  it('works under a pre-shared key', async () => {
    const access = { mode: 'psk', psk: createPsk(systemRandom) } as const;
    const hub = await start({ access });
    const others = [await start({ access, ...at(hub) }), await start({ access, ...at(hub) })];
    await until(others, () => others.every(({ mesh }) => mesh.discovery.status.connected === 2));
  });

  it('takes no peers from another network, and counts none', async () => {
    const hub = await start();
    const stranger = await start({ ...at(hub), networkName: 'other' });
    const friend = await start(at(hub));
    await until([hub], () => hub.mesh.discovery.status.known === 1);
    await until([friend], () => friend.mesh.discovery.status.known === 1);
    await until([stranger], () => stranger.mesh.connections.connected(hub.mesh.peerId));
    assert.deepEqual(stranger.mesh.discovery.status, { degree: 8, connected: 0, known: 0 });
    assert.deepEqual(hub.mesh.discovery.status, { degree: 8, connected: 1, known: 1 });
  });

  it('leaves the mesh as it was wired when it is off', async () => {
    const line = [await meshes.start()];
    for (let i = 0; i < 2; i++) line.push(await meshes.start(at(line[i]!)));
    await until(line, () => line[2]!.mesh.connections.peers.size === 1);
    assert.deepEqual(
      line.map(({ mesh }) => mesh.discovery.status.known),
      [0, 0, 0],
    );
    assert.equal(line[0]!.mesh.libp2p.services.pubsub.getTopics().length, 0);
  });

  it('rejects addresses told in the name of another', async () => {
    const hub = await start();
    const victim = await createIdentity(systemRandom);
    const liar = await meshes.start(at(hub));
    const record = encodeRecord({
      peerId: peerIdFromString(victim.peerId),
      addresses: liar.mesh.libp2p.getMultiaddrs(),
      sequence: 1n,
      maxAddresses: 8,
    });
    const { pubsub } = liar.mesh.libp2p.services;
    const topic = '/rangemesh/test/peers/1';
    pubsub.subscribe(topic);
    await until([hub], () => pubsub.getSubscribers(topic).length === 1);
    await pubsub.publish(topic, record!);
    await hub.log.said('announcement of addresses rejected');
    assert.equal(hub.mesh.discovery.status.known, 0);
  });
});

/** Waits until the condition holds; says what the nodes look like when it does not. */
async function until(nodes: readonly TestMesh[], condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) {
      const seen = nodes.map(({ mesh }) => JSON.stringify(mesh.discovery.status)).join('\n');
      throw new Error(`not within 60 s; last seen:\n${seen}`);
    }
    await pause(20);
  }
}
