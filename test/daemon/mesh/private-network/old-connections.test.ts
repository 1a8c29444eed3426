import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createPsk } from '../../../../src/daemon/keys/index.ts';
import { KeyRing, OldConnections } from '../../../../src/daemon/mesh/private-network/testing.ts';
import { systemClock, systemRandom } from '../../../../src/daemon/system/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { within } from '../../../support/within.ts';
import { connectionTo, Meshes } from '../support.ts';

const [OLD, NEW] = [createPsk(systemRandom), createPsk(systemRandom)] as const;

function connections(count: number) {
  const clock = new VirtualClock();
  const pskOldUntil = new Date(clock.now() + 5_000).toISOString();
  const keys = new KeyRing({ psk: NEW, pskOld: OLD, pskOldUntil, clock });
  const said: string[] = [];
  const notices = { say: ({ code }: { code: string }) => void said.push(code) };
  const old = new OldConnections({ clock, notices, keys });
  const open = Array.from({ length: count }, (_, i) => {
    const target = new EventTarget();
    const connection = Object.assign(target, {
      remoteAddr: `/ip4/127.0.0.1/tcp/${i}`,
      isOpen: true,
      close: async () => {
        connection.isOpen = false;
        target.dispatchEvent(new Event('close'));
      },
      abort: () => undefined,
    });
    old.add(connection);
    return connection;
  });
  return { clock, said, open, left: () => open.filter(({ isOpen }) => isOpen).length };
}

describe('connections under the old key', { timeout: 60_000 }, () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  it('close once the key counts no more, a tenth of them each second', async () => {
    const { clock, said, left } = connections(20);
    await clock.advance(4_999);
    assert.equal(left(), 20);
    await clock.advance(1);
    assert.equal(left(), 18);
    await clock.advance(1_000);
    assert.equal(left(), 16);
    await clock.advance(60_000);
    assert.deepEqual([left(), clock.pending], [0, 0]);
    assert.deepEqual(said, Array(20).fill('OLD_KEY_EXPIRED'));
  });

  it('leave no timer behind when they end before that', async () => {
    const { clock, open, said } = connections(2);
    for (const connection of open) await connection.close();
    assert.deepEqual([clock.pending, said], [0, []]);
  });

  it('end on a node with both keys, while those under the new key stay', async () => {
    let now = systemClock.now();
    const clock = { ...systemClock, now: () => now };
    const pskOldUntil = new Date(now + 3_600_000).toISOString();
    const access = { mode: 'psk', psk: NEW, pskOld: OLD, pskOldUntil } as const;
    const a = await meshes.start({ access, clock });
    const behind = await meshes.start({ access: { mode: 'psk', psk: OLD } });
    const ahead = await meshes.start({ access: { mode: 'psk', psk: NEW } });
    const gone = new Promise<string>((resolve) => {
      a.mesh.connections.watch({ connected: () => undefined, disconnected: resolve });
    });
    for (const peer of [behind, ahead]) {
      await peer.mesh.dialer.dial(a.mesh.addresses[0]!);
      await connectionTo(a, peer.mesh.peerId);
    }
    now += 3_600_000;
    assert.equal(await within(gone, 'a connection ends'), behind.mesh.peerId);
    await a.log.code('OLD_KEY_EXPIRED');
    assert.equal(a.mesh.connections.connected(ahead.mesh.peerId), true);
  });
});
