import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import {
  Discovery,
  type DiscoveryInit,
  type KnownPeer,
} from '../../../../src/daemon/mesh/discovery/index.ts';
import { encodeRecord } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { Notices } from '../../../../src/daemon/mesh/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { SeededRandom } from '../../../support/random.ts';
import { Log } from '../log.ts';

const A = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const B = '12D3KooWNvHK4U6VqQQQr6Qe89wwbKazUPzQrPZLQmspceywVo3q';
const FAR = '/ip4/1.2.3.1/tcp/1';

function create(init: Partial<DiscoveryInit> = {}) {
  const clock = new VirtualClock();
  const { logger } = new Log('debug', clock);
  const saved: string[][] = [];
  const dialled: string[] = [];
  const loaded: KnownPeer[] = [];
  const connected = new Set<string>();
  const discovery = new Discovery({
    self: peerIdFromString(A),
    dial: {
      self: A,
      connected: (peer) => connected.has(peer),
      watch: () => () => undefined,
      brought: () => false,
      ready: true,
      hasProven: () => false,
      dial: (address) => {
        dialled.push(address);
        return new Promise(() => undefined);
      },
    },
    clock,
    random: new SeededRandom('discovery'),
    logger,
    notices: new Notices({ clock, logger }),
    gossip: null,
    knows: () => false,
    forged: () => undefined,
    active: true,
    file: {
      load: async () => loaded,
      save: async (peers) => void saved.push(peers.map(({ peer }) => peer)),
    },
    allowed: () => true,
    addresses: () => [],
    allowedHosts: { loopback: false, lan: false },
    neighbours: {
      connected: () => connected,
      configured: () => false,
      busy: () => false,
      close: async () => undefined,
    },
    options: { saveMs: 1_000, degree: 3 },
    ...init,
  });
  return { clock, discovery, saved, dialled, loaded, connected };
}

describe('Discovery', () => {
  it('loads the peers of an earlier run, and dials them', async () => {
    const { clock, discovery, loaded, dialled, connected } = create();
    loaded.push({ peer: B, addresses: [FAR], heardAt: 1, reachedAt: null });
    await discovery.start();
    connected.add('x');
    assert.deepEqual(discovery.status, { degree: 3, connected: 1, known: 1 });
    assert.deepEqual([discovery.knows(B), discovery.knows(A)], [true, false]);
    assert.deepEqual(
      discovery.peers.map(({ peer }) => peer),
      [B],
    );
    await clock.advance(2_000);
    assert.deepEqual(dialled, [`${FAR}/p2p/${B}`]);
    await discovery.stop();
  });

  it('saves once for the changes of a period, and again for later ones', async () => {
    const { clock, discovery, saved } = create();
    await discovery.start();
    for (let round = 1; round <= 2; round++) {
      discovery.foundLocally(B, [`/ip4/1.2.3.${round}/tcp/1`]);
      discovery.foundLocally(B, [`/ip4/1.2.3.${round}/tcp/2`]);
      await clock.advance(999);
      assert.equal(saved.length, round - 1);
      await clock.advance(1);
      assert.equal(saved.length, round);
    }
    assert.deepEqual(saved, [[B], [B]]);
    await discovery.stop();
    assert.equal(saved.length, 3, 'once more at the end');
  });

  it('saves its peers once when it stops, and leaves no timer', async () => {
    const { clock, discovery, saved } = create();
    await discovery.start();
    discovery.foundLocally(B, [FAR]);
    for (let i = 0; i < 2; i++) await discovery.stop();
    assert.deepEqual([saved, clock.pending], [[[B]], 0]);
    discovery.foundLocally(A, [FAR]);
    discovery.foundLocally('other', [FAR]);
    assert.equal(discovery.knows('other'), false, 'nothing is taken any more');
  });

  it('forgets a peer, also in the file, and even if it was the only one', async () => {
    const { discovery, saved } = create();
    await discovery.start();
    discovery.foundLocally(B, [FAR]);
    assert.equal(await discovery.forget(B), true);
    assert.deepEqual([discovery.knows(B), saved], [false, [[]]]);
    assert.equal(await discovery.forget(B), false);
    await discovery.stop();
  });

  it('does not overwrite known peers with an empty list', async () => {
    const { discovery, saved } = create();
    await discovery.start();
    await discovery.stop();
    assert.deepEqual(saved, []);
  });

  it('accepts dialable addresses from multicast, of this machine only where it reaches no others', async () => {
    const { discovery } = create();
    discovery.foundLocally(B, [FAR]);
    assert.equal(discovery.knows(B), false, 'not before it starts');
    await discovery.start();
    discovery.foundLocally(B, ['nonsense']);
    assert.equal(discovery.knows(B), false);
    const local = ['/ip4/127.0.0.1/tcp/1', 'nonsense'];
    discovery.foundLocally(B, local);
    assert.equal(discovery.knows(B), false, 'not an address of this machine');
    discovery.foundLocally(B, ['/ip4/10.0.0.1/tcp/1', ...local]);
    assert.deepEqual(discovery.peers[0]!.addresses, ['/ip4/10.0.0.1/tcp/1']);
    await discovery.stop();
    const { discovery: alone } = create({ allowedHosts: { loopback: true, lan: false } });
    await alone.start();
    alone.foundLocally(B, local);
    assert.deepEqual(alone.peers[0]!.addresses, ['/ip4/127.0.0.1/tcp/1']);
    await alone.stop();
  });

  it('keeps foreign addresses that were announced under its identity, and announces itself anew', async () => {
    const validators = new Map<string, (source: unknown, message: unknown) => unknown>();
    let published = 0;
    const service = {
      topicValidators: validators,
      admissions: new Map(),
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      subscribe: () => undefined,
      unsubscribe: () => undefined,
      getSubscribers: () => [B],
      publish: async () => void published++,
    };
    const self = peerIdFromString(A);
    const { clock, discovery } = create({
      gossip: { service: service as never, topic: 't' },
      addresses: () => [multiaddr('/ip4/1.2.3.9/tcp/9')],
      random: { fraction: () => 1, bytes: (length) => new Uint8Array(length) },
    });
    await discovery.start();
    await clock.advance(610_000);
    const before = published;
    const record = encodeRecord({
      peerId: self,
      addresses: [multiaddr(FAR)],
      sequence: 1n,
      maxAddresses: 8,
    });
    for (let i = 0; i < 2; i++)
      validators.get('t')!(B, { type: 'signed', from: self, data: record });
    assert.deepEqual([discovery.otherRun, discovery.knows(A)], [[FAR], false]);
    await clock.advance(2_000);
    assert.equal(published, before + 1);
    await discovery.stop();
  });

  it('has no effect without a source of peers', async () => {
    const { clock, discovery, loaded, saved } = create({ active: false });
    loaded.push({ peer: B, addresses: [FAR], heardAt: 1, reachedAt: null });
    await discovery.start();
    discovery.foundLocally(B, [FAR]);
    await settle();
    assert.deepEqual([discovery.status.known, clock.pending], [0, 0]);
    await discovery.stop();
    assert.deepEqual(saved, []);
  });

  it('works without a file', async () => {
    const { discovery } = create({ file: null });
    await discovery.start();
    discovery.foundLocally(B, [FAR]);
    await discovery.stop();
  });
});
