import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { within } from '../../support/within.ts';
import { connectionTo, Meshes, type TestMesh } from './support.ts';

const FETCH = '/rangemesh/test/fetch/2';
/** Looks often, and closes at once what is too much. */
const EAGER = { degree: 1, graceMs: 0, tickMs: 50, jitter: 0, rebalanceMs: 1e9 };

describe('a mesh puts its parts together so that it', () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  /** A hub, three nodes that can connect to it, and an event for a stream that one of them opens. */
  async function crowd(busy: (peer: string) => boolean) {
    const hub = await meshes.start({ discovery: true, peering: EAGER, busy });
    const fetching = Promise.withResolvers<void>();
    await hub.mesh.libp2p.handle(FETCH, () => fetching.resolve());
    const others: TestMesh[] = [];
    for (let i = 0; i < 3; i++) {
      const other = await meshes.create();
      await other.mesh.libp2p.handle(FETCH, () => undefined);
      await other.mesh.start();
      others.push(other);
    }
    return { hub, others, fetching: fetching.promise };
  }

  async function closes(hub: TestMesh, peer: string) {
    const closed = hub.log.until((line) => line.peer === peer && line.msg === 'peer disconnected');
    await within(closed, 'the hub lets one go that nothing is under way with');
  }

  it('closes no peer that fetches from it, or that it is busy with', async () => {
    const working = new Set<string>();
    const { hub, others, fetching } = await crowd((peer) => working.has(peer));
    const [first, , third] = others as [TestMesh, TestMesh, TestMesh];
    for (const { mesh } of others) {
      // Until all is as it is to be, the hub is busy with everybody.
      working.add(mesh.peerId);
      await mesh.dialer.dial(hub.mesh.addresses[0]!);
      await connectionTo(hub, mesh.peerId);
    }
    await third.mesh.libp2p.dialProtocol(multiaddr(hub.mesh.addresses[0]!), FETCH);
    await within(fetching, 'the stream of the third');
    for (const { mesh } of [first, third]) working.delete(mesh.peerId);
    await closes(hub, first.mesh.peerId);
    const gone = hub.log.lines.filter(({ msg }) => msg === 'peer disconnected');
    assert.deepEqual(
      gone.map(({ peer }) => peer),
      [first.mesh.peerId],
      'no peer goes that fetches, or that the hub is busy with',
    );
  });

  it('lets a peer have at most 1 MiB on its way on a stream', async () => {
    const [one, other] = [await meshes.start(), await meshes.create()];
    await one.mesh.libp2p.handle(FETCH, () => undefined);
    await other.mesh.start();
    const address = multiaddr(one.mesh.addresses[0]!);
    const stream = await other.mesh.libp2p.dialProtocol(address, FETCH);
    const { maxStreamWindowSize } = stream as unknown as { maxStreamWindowSize: number };
    assert.equal(maxStreamWindowSize, 1024 * 1024);
  });
});
