import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { within } from '../../support/within.ts';
import { connectionTo, list, Meshes, type TestMesh } from './support.ts';

const NONE = { peers: [], deny: [], read: [], write: [] };

/** The peer whose last connection closes next. */
function disconnectionOf({ mesh: { connections } }: TestMesh): Promise<string> {
  return new Promise((resolve) => {
    const unwatch = connections.watch({
      connected: () => undefined,
      disconnected(peer) {
        unwatch();
        resolve(peer);
      },
    });
  });
}

describe('an access list that changes', () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  it('cuts off the peers that it does not name any more, and lets in those that it names', async () => {
    const [b, c] = await Promise.all([meshes.start(), meshes.start()]);
    const ids = [b.mesh.peerId, c.mesh.peerId];
    const a = await meshes.start(list(ids[0]!));
    const address = a.mesh.addresses[0]!;
    await b.mesh.dialer.dial(address);
    await connectionTo(a, ids[0]!);
    await assert.rejects(c.mesh.dialer.dial(address), { code: 'PEER_REFUSED' });
    assert.throws(() => a.mesh.prepareAccess({ ...NONE, peers: ['nonsense'] }), {
      code: 'CONFIG_INVALID',
    });
    const apply = a.mesh.prepareAccess({ ...NONE, peers: [ids[1]!] });
    assert.deepEqual([a.mesh.allows(ids[0]!), a.mesh.connections.connected(ids[0]!)], [true, true]);
    const gone = disconnectionOf(a);
    apply();
    await within(gone, 'the peer is cut off');
    assert.deepEqual([a.mesh.allows(ids[0]!), a.mesh.names(ids[1]!)], [false, true]);
    await connectionTo(a, ids[1]!);
    assert.equal(a.mesh.connections.connected(ids[0]!), false);
  });

  it('cuts off the peers that it denies in open access, with a code of their own, twice', async () => {
    const [a, b, c] = [await meshes.start(), await meshes.start(), await meshes.start()];
    const { peerId } = b.mesh;
    const address = a.mesh.addresses[0]!;
    assert.throws(() => a.mesh.prepareAccess({ ...NONE, deny: ['nonsense'] }), {
      code: 'CONFIG_INVALID',
    });
    for (let round = 1; round <= 2; round++) {
      for (const { mesh } of [b, c]) await mesh.dialer.dial(address);
      await Promise.all([connectionTo(a, peerId), connectionTo(a, c.mesh.peerId)]);
      const gone = Promise.all([disconnectionOf(a), disconnectionOf(b)]);
      a.mesh.prepareAccess({ ...NONE, deny: [peerId] })();
      const [cutOff] = await within(gone, 'the peer is cut off');
      assert.equal(cutOff, peerId, 'the other peer is left alone');
      assert.deepEqual([a.mesh.allows(peerId), a.mesh.allows(c.mesh.peerId)], [false, true]);
      await assert.rejects(b.mesh.dialer.dial(address), { code: 'PEER_REFUSED' });
      assert.match((await a.log.code('PEER_DENIED')).msg, new RegExp(`${peerId}.*access\\.deny`));
      await assert.rejects(a.mesh.probe(b.mesh.addresses[0]!, AbortSignal.timeout(5_000)), {
        code: 'PEER_REFUSED',
        message: /access\.deny of this node names the peer/,
      });
      a.mesh.prepareAccess({ ...NONE, deny: [] })();
    }
    assert.deepEqual(a.log.with('PEER_NOT_LISTED'), []);
  });
});

describe('a ban', () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  it('ends the connections of a peer, and lets it in again when it is over, twice', async () => {
    const banned = new Set<string>();
    const a = await meshes.start({ banned: (peer) => banned.has(peer) });
    const b = await meshes.start();
    const { peerId } = b.mesh;
    for (let round = 1; round <= 2; round++) {
      await b.mesh.dialer.dial(a.mesh.addresses[0]!);
      await connectionTo(a, peerId);
      const gone = Promise.all([disconnectionOf(a), disconnectionOf(b)]);
      banned.add(peerId);
      a.mesh.cutOff();
      await within(gone, 'the peer is cut off');
      await assert.rejects(b.mesh.dialer.dial(a.mesh.addresses[0]!), { code: 'PEER_REFUSED' });
      assert.match((await a.log.code('PEER_BANNED')).msg, new RegExp(`${peerId}.*pardon`));
      await assert.rejects(a.mesh.probe(b.mesh.addresses[0]!, AbortSignal.timeout(5_000)), {
        code: 'PEER_REFUSED',
        message: /is banned here for a while/,
      });
      assert.equal(a.mesh.allows(peerId), true, 'items that others pass on are taken');
      banned.clear();
    }
  });
});
