import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createIdentity } from '../../../src/daemon/keys/index.ts';
import { systemRandom } from '../../../src/daemon/system/index.ts';
import { connectionTo, Meshes, type TestMesh } from './support.ts';

describe('strangers', { timeout: 60_000 }, () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  const dial = (from: TestMesh, to: TestMesh) => from.mesh.dialer.dial(to.mesh.addresses[0]!);

  it('leave room for a configured peer, though they hold all their places', async () => {
    const identity = await createIdentity(systemRandom);
    const a = await meshes.start({
      // Nothing listens there: the configured peer has to come by itself.
      peers: [`/ip4/127.0.0.1/tcp/1/p2p/${identity.peerId}`],
      options: { maxConnections: 4, reservedConnections: 2 },
    });
    for (let i = 0; i < 2; i++) await dial(await meshes.start(), a);
    await assert.rejects(dial(await meshes.start(), a), { code: 'PEER_REFUSED' });
    assert.match((await a.log.code('TOO_MANY_CONNECTIONS')).msg, /are kept for configured peers/);
    const configured = await meshes.start({ identity });
    await dial(configured, a);
    await connectionTo(a, identity.peerId);
    assert.equal(a.mesh.connections.peers.size, 3);
  });

  it('are no strangers from when they are added until they are removed, or while they are listed', async () => {
    const b = await meshes.start();
    const { peerId, addresses } = b.mesh;
    const a = await meshes.start();
    assert.equal(a.mesh.names(peerId), false);
    for (let round = 0; round < 2; round++) {
      await a.mesh.dialer.dial(addresses[0]!);
      assert.equal(a.mesh.names(peerId), true);
      a.mesh.dialer.remove(addresses[0]!);
      assert.equal(a.mesh.names(peerId), false, 'though it is connected');
      assert.equal(a.mesh.connections.connected(peerId), true);
    }
    const c = await meshes.create({ access: { mode: 'list', peers: [peerId] } });
    assert.deepEqual([c.mesh.names(peerId), c.mesh.names(a.mesh.peerId)], [true, false]);
  });

  it('are forgotten, those that came last excepted', async () => {
    const a = await meshes.start({ options: { maxRememberedPeers: 2 } });
    const stored = async () => (await a.mesh.libp2p.peerStore.all()).map(({ id }) => `${id}`);
    const strangers: TestMesh[] = [];
    for (let i = 0; i < 4; i++) {
      const stranger = await meshes.start();
      await dial(stranger, a);
      await connectionTo(a, stranger.mesh.peerId);
      strangers.push(stranger);
    }
    assert.equal((await stored()).length, 4, 'connected peers are not forgotten');
    for (const { mesh } of strangers) {
      await mesh.stop();
      await a.log.until(({ msg, peer }) => msg === 'peer disconnected' && peer === mesh.peerId);
    }
    const last = strangers.slice(2).map(({ mesh }) => mesh.peerId);
    assert.deepEqual(new Set(await stored()), new Set(last));
  });

  it('that speak nothing of the network are closed, and nodes of it are not', async () => {
    const a = await meshes.start({ discovery: true, options: { strangerMs: 1_000 } });
    const client = await meshes.start();
    const speaker = await meshes.create();
    await speaker.mesh.libp2p.handle('/rangemesh/test/x/1', () => undefined);
    await speaker.mesh.start();
    const hearer = await meshes.start({ discovery: true });
    const stranger = await meshes.start({ networkName: 'other' });
    await a.mesh.libp2p.handle('/rangemesh/test/y/1', () => undefined);
    await dial(client, a);
    await client.mesh.libp2p.dialProtocol(a.mesh.libp2p.getMultiaddrs(), '/rangemesh/test/y/1');
    for (const node of [speaker, hearer, stranger]) {
      await dial(node, a).catch(() => undefined);
    }
    const line = await a.log.code('PEER_OF_OTHER_NETWORK');
    assert.match(line.msg, new RegExp(`${stranger.mesh.peerId} at .*network\\.name`));
    await a.log.said('peer disconnected');
    assert.equal(a.mesh.troubles.of(stranger.mesh.peerId)?.code, 'PEER_OF_OTHER_NETWORK');
    assert.equal(a.mesh.connections.connected(stranger.mesh.peerId), false);
    for (const { mesh } of [speaker, hearer, client])
      assert.ok(a.mesh.connections.connected(mesh.peerId));
  });
});
