import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { DaemonError } from '../../../src/daemon/index.ts';
import { createIdentity, createPsk } from '../../../src/daemon/keys/index.ts';
import { systemRandom } from '../../../src/daemon/system/index.ts';
import { bare, connectionTo, list, Meshes, type TestMesh } from './support.ts';

const open = { access: { mode: 'open' } } as const;

function psk() {
  return { access: { mode: 'psk', psk: createPsk(systemRandom) } } as const;
}

describe('refusals', { timeout: 60_000 }, () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  it('lets peers on the list in', async () => {
    const identity = await createIdentity(systemRandom);
    const a = await meshes.start(list(identity.peerId));
    const b = await meshes.start({ identity, ...list(a.mesh.peerId), peers: a.mesh.addresses });
    await Promise.all([connectionTo(a, identity.peerId), connectionTo(b, a.mesh.peerId)]);
  });

  it('says on both sides that a node is not on the list of the one it dialled', async () => {
    const a = await meshes.start(list());
    const b = await meshes.start({ peers: a.mesh.addresses });
    const here = await a.log.code('PEER_NOT_LISTED');
    assert.equal(here.level, 'warn');
    assert.equal(here.peer, b.mesh.peerId);
    assert.match(here.msg, new RegExp(`${b.mesh.peerId}.*not on this node's access list`));
    const there = await b.log.code('PEER_REFUSED');
    assert.equal(there.level, 'warn');
    assert.match(there.msg, /closed the connection right after the handshake/);
    assert.match(there.msg, new RegExp(`does not list our peer id ${b.mesh.peerId}`));
    const [state] = b.mesh.dialer.addresses;
    assert.equal(state!.lastError!.code, 'PEER_REFUSED');
    assert.equal(state!.connected, false);
  });

  it('tries again after a refusal, and says it once', async () => {
    const a = await meshes.start(list());
    const b = await meshes.start();
    const address = a.mesh.addresses[0]!;
    for (let i = 0; i < 3; i++) {
      await assert.rejects(b.mesh.dialer.dial(address), { code: 'PEER_REFUSED' });
      assert.notEqual(b.mesh.dialer.addresses[0]!.nextAttemptAt, null);
    }
    assert.equal(b.log.with('PEER_REFUSED').length, 1);
    assert.equal(a.log.with('PEER_NOT_LISTED').length, 1);
    assert.equal(b.log.lines.filter(({ msg }) => msg === 'peer connected').length, 0);
  });

  it('says on both sides that the node at an address is not on the list of the one that dials', async () => {
    const a = await meshes.start();
    for (const address of [a.mesh.addresses[0]!, bare(a.mesh.addresses[0]!)]) {
      const b = await meshes.start({ ...list(), peers: [address] });
      const line = await b.log.code('PEER_REFUSED');
      assert.match(line.msg, new RegExp(`access list does not contain the peer ${a.mesh.peerId}`));
      if (address === a.mesh.addresses[0]) continue;
      const there = await a.log.code('PEER_REFUSED');
      assert.match(there.msg, new RegExp(`Peer ${b.mesh.peerId} connected to us and closed`));
      assert.match(there.msg, new RegExp(`does not list our peer id ${a.mesh.peerId}`));
    }
  });

  it('connects nodes that have the same pre-shared key', async () => {
    const key = psk();
    const a = await meshes.start(key);
    const b = await meshes.start({ ...key, peers: a.mesh.addresses });
    await Promise.all([connectionTo(a, b.mesh.peerId), connectionTo(b, a.mesh.peerId)]);
    assert.deepEqual(a.log.with('OPEN_ACCESS'), []);
  });

  // What a node makes of bytes under the wrong key is chance: garbage, or a message that never
  // ends; so each case is tried often enough to meet both.
  const fast = { options: { handshakeTimeoutMs: 400 } };

  async function dialOften(
    a: TestMesh,
    b: TestMesh,
    codes: RegExp,
    expected: RegExp,
  ): Promise<void> {
    for (let i = 0; i < 6; i++) {
      const error = await b.mesh.dialer.dial(bare(a.mesh.addresses[0]!)).then(
        () => assert.fail('connected'),
        (reason: DaemonError) => reason,
      );
      assert.match(error.code, codes);
      assert.match(error.message, expected);
    }
  }

  it('says on both sides that the pre-shared keys differ', async () => {
    const a = await meshes.start({ ...psk(), ...fast });
    const b = await meshes.start({ ...psk(), ...fast });
    await dialOften(
      a,
      b,
      /^WRONG_PRE_SHARED_KEY$/,
      /broke off the handshake.*another pre-shared key than this node/,
    );
    const here = await a.log.code('WRONG_PRE_SHARED_KEY');
    assert.equal(here.level, 'warn');
    assert.match(
      here.msg,
      /from \/ip4\/127\.0\.0\.1\/tcp\/\d+: it has another pre-shared key, or none/,
    );
    const there = await b.log.code('WRONG_PRE_SHARED_KEY');
    assert.equal(there.level, 'warn');
    assert.ok(there.msg.includes(b.mesh.peerId));
  });

  it('says on both sides that the one that dials has no key', async () => {
    const a = await meshes.start({ ...psk(), ...fast });
    const b = await meshes.start({ ...open, ...fast });
    await dialOften(
      a,
      b,
      /^HANDSHAKE_FAILED$/,
      /probably has a pre-shared key, and this node has none/,
    );
    assert.match((await a.log.code('WRONG_PRE_SHARED_KEY')).msg, /or none/);
  });

  it('says on both sides that the one that is dialled has no key', async () => {
    const a = await meshes.start({ ...open, ...fast });
    const b = await meshes.start({ ...psk(), ...fast });
    await dialOften(
      a,
      b,
      /^(WRONG_PRE_SHARED_KEY|PEER_REFUSED)$/,
      /another pre-shared key than this node/,
    );
    assert.match(
      (await a.log.code('HANDSHAKE_FAILED')).msg,
      /has a pre-shared key and this node has none/,
    );
  });

  it('tells a node that is full and one that stands still from a refusal', async () => {
    const full = await meshes.start({ options: { maxPendingInbound: 0 } });
    const b = await meshes.start(fast);
    await assert.rejects(b.mesh.dialer.dial(full.mesh.addresses[0]!), { code: 'PEER_FULL' });
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    const address = `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`;
    await assert.rejects(b.mesh.dialer.dial(address), { code: 'PEER_SILENT' });
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  it('tells of another identity at an address that could not be reached before', async () => {
    const a = await meshes.start();
    const b = await meshes.start();
    const [gone, other] = [await meshes.start(), await createIdentity(systemRandom)];
    const address = `${bare(gone.mesh.addresses[0]!)}/p2p/${other.peerId}`;
    await gone.mesh.stop();
    await assert.rejects(b.mesh.dialer.dial(address), { code: 'DIAL_FAILED' });
    const listen = [bare(address)];
    const third = await meshes.start({ listen });
    await assert.rejects(b.mesh.dialer.dial(address), { code: 'OTHER_IDENTITY' });
    assert.match((await b.log.code('OTHER_IDENTITY')).msg, new RegExp(third.mesh.peerId));
    await assert.rejects(b.mesh.dialer.dial(b.mesh.addresses[0]!), { code: 'INVALID_ADDRESS' });
    await assert.rejects(b.mesh.dialer.dial(bare(b.mesh.addresses[0]!)), {
      code: 'INVALID_ADDRESS',
    });
    assert.ok(a.log.with('OTHER_IDENTITY').length === 0);
  });

  it('tells of the same identity twice, on both nodes and on a third', async () => {
    const identity = await createIdentity(systemRandom);
    const hub = await meshes.start({ options: { twinMs: 300 } });
    const peers = [hub.mesh.addresses[0]!];
    const twins = [
      await meshes.start({ identity, peers }),
      await meshes.start({ identity, peers }),
    ];
    assert.match((await hub.log.code('SAME_IDENTITY')).msg, /Two running nodes have the identity/);
    assert.equal(hub.mesh.troubles.of(identity.peerId)?.code, 'SAME_IDENTITY');
    const [one, two] = twins as [TestMesh, TestMesh];
    await assert.rejects(one.mesh.dialer.dial(bare(two.mesh.addresses[0]!)), {
      code: 'SAME_IDENTITY',
    });
    const told = await two.log.said('connected from /ip4');
    assert.equal(told.code, 'SAME_IDENTITY');
  });

  it('does not log a port scan as a refusal', async () => {
    for (const access of [open, psk()]) {
      const a = await meshes.start(access);
      const socket = connect(Number(a.mesh.addresses[0]!.split('/')[4]), '127.0.0.1');
      socket.on('connect', () => socket.end());
      socket.on('error', () => undefined);
      const line = await a.log.said('closed before it said anything');
      assert.equal(line.level, 'debug');
      assert.deepEqual(
        a.log.lines.filter(({ level }) => level === 'warn'),
        [],
      );
    }
  });

  it('bounds what one peer, and one host, may open', async () => {
    const a = await meshes.start({ options: { maxConnectionsPerPeer: 1 } });
    const b = await meshes.start();
    await b.mesh.dialer.dial(a.mesh.addresses[0]!);
    await connectionTo(a, b.mesh.peerId);
    const { libp2p } = b.mesh;
    await libp2p.dial(a.mesh.libp2p.getMultiaddrs(), { force: true });
    await a.log.code('TOO_MANY_CONNECTIONS');
    assert.equal(a.mesh.connections.count(b.mesh.peerId), 1);

    const c = await meshes.start({ options: { maxInboundPerSecond: 1 } });
    const two = [await meshes.start(), await meshes.start()];
    await Promise.allSettled(two.map(({ mesh }) => mesh.dialer.dial(c.mesh.addresses[0]!)));
    assert.match((await c.log.code('TOO_MANY_CONNECTIONS')).msg, /too many/);
  });

  it('refuses invalid lists and keys', async () => {
    await assert.rejects(meshes.create(list('QmNobody')), { code: 'CONFIG_INVALID', exitCode: 78 });
    for (const wrong of ['', 'abc', `${'a'.repeat(63)}g`, '/key/swarm/psk/2.0.0/\n/base16/\nab']) {
      await assert.rejects(meshes.create({ access: { mode: 'psk', psk: wrong } }), {
        code: 'CONFIG_INVALID',
      });
    }
  });
});
