import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { within } from '../../support/within.ts';
import { connectionTo, list, Meshes } from './support.ts';

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
    assert.throws(() => a.mesh.prepareAccess(['nonsense']), { code: 'CONFIG_INVALID' });
    const apply = a.mesh.prepareAccess([ids[1]!]);
    assert.deepEqual([a.mesh.allows(ids[0]!), a.mesh.connections.connected(ids[0]!)], [true, true]);
    const gone = new Promise<void>((resolve) => {
      a.mesh.connections.watch({ connected: () => undefined, disconnected: () => resolve() });
    });
    apply();
    await within(gone, 'the peer is cut off');
    assert.deepEqual([a.mesh.allows(ids[0]!), a.mesh.names(ids[1]!)], [false, true]);
    await connectionTo(a, ids[1]!);
    assert.equal(a.mesh.connections.connected(ids[0]!), false);
  });
});
