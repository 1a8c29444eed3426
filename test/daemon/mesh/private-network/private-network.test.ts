import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { Libp2p } from '@libp2p/interface';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { createIdentity, createPsk, parsePsk } from '../../../../src/daemon/keys/index.ts';
import type { Access } from '../../../../src/daemon/mesh/index.ts';
import { KeyRing } from '../../../../src/daemon/mesh/private-network/testing.ts';
import { systemRandom } from '../../../../src/daemon/system/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { within } from '../../../support/within.ts';
import { bare, connectionTo, Meshes, type TestMesh } from '../support.ts';

const [OLD, NEW, OTHER] = [0, 1, 2].map(() => createPsk(systemRandom)) as [string, string, string];
const old = { mode: 'psk', psk: OLD } as const;
const both = { mode: 'psk', psk: NEW, pskOld: OLD } as const;
const fresh = { mode: 'psk', psk: NEW } as const;

describe('a pre-shared key that follows another', { timeout: 60_000 }, () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  const start = (access: Access, init = {}) => meshes.start({ access, ...init });
  const dial = (from: TestMesh, to: TestMesh) => from.mesh.dialer.dial(to.mesh.addresses[0]!);

  it('counts beside it: a node with both lets in dials under either', async () => {
    const a = await start(both);
    for (const access of [old, both, fresh]) {
      const b = await start(access);
      await dial(b, a);
      await connectionTo(a, b.mesh.peerId);
    }
    assert.deepEqual(a.log.with('WRONG_PRE_SHARED_KEY'), []);
  });

  it('is what a node with both dials with first, and after a failure with the old one', async () => {
    const a = await start(both);
    const [ahead, behind] = [await start(fresh), await start(old)];
    await dial(a, ahead);
    await assert.rejects(dial(a, behind), { code: 'WRONG_PRE_SHARED_KEY' });
    await dial(a, behind);
    await connectionTo(behind, a.mesh.peerId);
  });

  it('connects a node that has both with a peer of the old key alone, by its own tries', async () => {
    const behind = await start(old);
    const a = await start(both, { peers: behind.mesh.addresses });
    await connectionTo(a, behind.mesh.peerId);
  });

  it('is taken again once the peer has it alone', async () => {
    const identity = await createIdentity(systemRandom);
    const a = await start(both);
    const behind = await start(old, { identity });
    await assert.rejects(dial(a, behind), { code: 'WRONG_PRE_SHARED_KEY' });
    await dial(a, behind);
    const [address] = behind.mesh.addresses;
    await behind.mesh.stop();
    const ahead = await start(fresh, { identity, listen: [bare(address!)] });
    await connectionTo(ahead, a.mesh.peerId);
  });

  it('counts alone from the given time on', async () => {
    const clock = new VirtualClock();
    const pskOldUntil = new Date(clock.now() + 1_000).toISOString();
    const ring = new KeyRing({ ...both, pskOldUntil, clock });
    assert.equal(ring.accepted.length, 2);
    ring.failed('a', ring.keyFor('a'));
    assert.equal(ring.keyFor('a'), ring.accepted[1]);
    await clock.advance(1_000);
    assert.deepEqual(ring.accepted, [ring.keyFor('a')]);
  });

  it('lets in no stranger, and says so on both sides', async () => {
    const a = await start(both);
    const b = await start({ mode: 'psk', psk: OTHER });
    for (const [from, to] of [
      [a, b],
      [a, b],
      [b, a],
    ] as const) {
      await assert.rejects(dial(from, to), { code: 'WRONG_PRE_SHARED_KEY' });
    }
    assert.match((await a.log.code('WRONG_PRE_SHARED_KEY')).msg, /another pre-shared key/);
    assert.match((await b.log.code('WRONG_PRE_SHARED_KEY')).msg, /another pre-shared key/);
    assert.equal(a.mesh.libp2p.getConnections().length, 0);
  });
});

describe('a private network', { timeout: 60_000 }, () => {
  const meshes = new Meshes();
  const others: Libp2p[] = [];
  afterEach(async () => {
    await Promise.all(others.splice(0).map((each) => each.stop()));
    await meshes.stop();
  });

  /** A node with libp2p's own private network. */
  async function pnet(): Promise<Libp2p> {
    const node = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionProtector: preSharedKey({ psk: parsePsk(OLD) }),
    });
    others.push(node);
    return node;
  }

  it('speaks as that of libp2p does, in both directions', async () => {
    const a = await meshes.start({ access: both });
    const theirs = await pnet();
    const dialled = await theirs.dial(multiaddr(a.mesh.addresses[0]!));
    assert.equal(dialled.remotePeer.toString(), a.mesh.peerId);
    await dialled.close();
    const b = await meshes.start({ access: old });
    const connection = await b.mesh.libp2p.dial(theirs.getMultiaddrs());
    assert.ok(connection.remotePeer.equals(theirs.peerId));
  });

  it('ends a peer without a greeting, in time, and sends it its nonce alone', async () => {
    for (const bytes of [24, 30, 4 * 1024 * 1024]) {
      const a = await meshes.start({ access: both, options: { handshakeTimeoutMs: 300 } });
      const [, port] = /tcp\/(\d+)/.exec(a.mesh.addresses[0]!)!;
      const socket = connect(Number(port), '127.0.0.1');
      let heard = 0;
      socket.on('data', (data) => {
        heard += data.length;
      });
      // A reset is as good an end as any.
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(new Uint8Array(bytes).fill(7));
      await within(closed, `the connection that sent ${bytes} bytes is closed`);
      assert.ok(heard === 24 || (heard === 0 && bytes > 30), `heard ${heard} bytes`);
      assert.equal((await a.log.code('WRONG_PRE_SHARED_KEY')).level, 'warn');
    }
  });
});

describe('a key ring', () => {
  it('keeps the old key for the last 1,024 addresses that need it', () => {
    const ring = new KeyRing({ ...both, clock: new VirtualClock() });
    const [first, second] = ring.accepted;
    for (let i = 0; i <= 1_024; i++) ring.failed(`${i}`, first!);
    assert.equal(ring.keyFor('0'), first);
    assert.equal(ring.keyFor('1'), second);
    assert.equal(ring.keyFor('1024'), second);
  });
});
