import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../src/daemon/system/index.ts';
import { bytesToHex, type Clock, itemId } from '../../src/store/index.ts';
import { type LocalDaemon, LocalDaemons, type Settings } from './support/in-process.ts';
import { converged, until } from './support/mesh.ts';

const CALM = { 'network.discovery': 'false', 'scrub.itemsPerSecond': '0' };
const NO_PUSH = { 'push.enabled': 'false' };
const HINT = 5_000n;

interface Nodes {
  readonly daemons: LocalDaemons;
  /** Refuses what the peer does. */
  readonly guarded: LocalDaemon;
  /** Keeps to all limits. */
  readonly honest: LocalDaemon;
  readonly peer: LocalDaemon;
}

interface NodesInit {
  /** Of the guarded node, which may name the others. */
  readonly settings?: (ids: { readonly peer: string; readonly honest: string }) => Settings;
  /** Of the guarded and of the honest node. */
  readonly members?: Settings;
  /** Of the peer. */
  readonly peer?: Settings;
}

/** A guarded node in sync with an honest one, and a peer that is not connected. */
async function nodesOf(daemons: LocalDaemons, init: NodesInit): Promise<Nodes> {
  const { settings, members = {}, peer: own = {} } = init;
  const honest = await daemons.start('honest', { ...CALM, ...members });
  const peer = await daemons.start('peer', { ...CALM, ...own });
  const [first, second] = await Promise.all([honest.client.status(), peer.client.status()]);
  const guarded = await daemons.start('guarded', {
    ...CALM,
    ...members,
    ...settings?.({ honest: first.peerId, peer: second.peerId }),
    'network.peers': [honest.address],
  });
  await honest.client.put(bytesOf('first of the honest node'), HINT);
  await converged([guarded, honest], 1);
  return { daemons, guarded, honest, peer };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function itemsOf({ client }: LocalDaemon): Promise<number> {
  return (await client.status()).set.items;
}

async function holds(node: LocalDaemon, items: number): Promise<void> {
  await until(
    () => itemsOf(node),
    (held) => held === items,
  );
}

/** The value of a counter; 0 where it has not counted yet. */
async function counted({ client }: LocalDaemon, sample: string): Promise<number> {
  const { text } = await client.send('GET', '/metrics');
  const start = `rangemesh_${sample} `;
  const line = text.split('\n').find((some) => some.startsWith(start));
  return Number(line?.slice(start.length) ?? 0);
}

function refusalsAt(at: 'push' | 'fetch', code: string): string {
  return `refusals_total{at="${at}",code="${code}"}`;
}

/** The sample has counted one refusal by now. */
async function assertOnce(node: LocalDaemon, sample: string): Promise<void> {
  const count = await until(
    () => counted(node, sample),
    (some) => some > 0,
  );
  assert.equal(count, 1, sample);
}

/** The guarded node holds `items`, and stays in sync with the honest node when that puts one more. */
async function assertUnaffected({ guarded, honest }: Nodes, items: number): Promise<void> {
  assert.equal(await itemsOf(guarded), items, 'nothing of the peer is stored');
  await honest.client.put(bytesOf('last of the honest node'), HINT);
  await holds(guarded, items + 1);
  const { peerId } = await honest.client.status();
  await until(
    () => Promise.all([guarded.client.status(), honest.client.status()]),
    ([here, there]) =>
      here.set.fingerprint === there.set.fingerprint &&
      here.peers.some((peer) => peer.peerId === peerId && peer.inSync),
  );
}

describe('a peer that may not connect', () => {
  const refuseDial = async (nodes: Nodes, code: string): Promise<void> => {
    const { guarded, peer } = nodes;
    await peer.client.put(bytesOf('of the peer'), HINT);
    const address = JSON.stringify({ address: guarded.address });
    const { status } = await peer.client.send('POST', '/v1/peers', address);
    assert.ok(status >= 400);
    await assertOnce(guarded, `mesh_notices_total{code="${code}"}`);
    await assertUnaffected(nodes, 1);
  };

  it('is refused with PEER_NOT_LISTED outside the list', async (t) => {
    const settings: NodesInit['settings'] = ({ honest }) => ({
      'access.mode': 'list',
      'access.peers': [honest],
    });
    await refuseDial(await nodesOf(await LocalDaemons.create(t), { settings }), 'PEER_NOT_LISTED');
  });

  it('is refused with WRONG_PRE_SHARED_KEY by its key', async (t) => {
    const daemons = await LocalDaemons.create(t);
    const keyed = async (digit: string): Promise<Settings> => {
      const file = daemons.path(`${digit}.key`);
      await writeFile(file, digit.repeat(64), { mode: 0o600 });
      return { 'access.mode': 'psk', 'access.pskFile': file };
    };
    const [members, peer] = await Promise.all([keyed('1'), keyed('2')]);
    await refuseDial(await nodesOf(daemons, { members, peer }), 'WRONG_PRE_SHARED_KEY');
  });
});

/** An item that the peer pushes, and the settings by which the guarded node refuses it. */
interface PushRow extends NodesInit {
  readonly name: string;
  readonly code: string;
  /** @default HINT */
  readonly hint?: bigint;
  /** Of the payload. @default 10 */
  readonly bytes?: number;
  /** Items that the peer brings first, and that are taken. @default 0 */
  readonly fills?: number;
  /** Sessions may bring what is refused by push. */
  readonly comesLater?: true;
  /** The item is refused by its id. */
  readonly refusesId?: true;
}

const PUSH_ROWS: readonly PushRow[] = [
  {
    name: 'of a publisher over its rate',
    code: 'PUBLISHER_RATE',
    settings: () => ({ 'limits.publisherBytesPerSecond': '1KiB' }),
    bytes: 4_000,
    comesLater: true,
  },
  {
    name: 'of a publisher over its quota',
    code: 'PUBLISHER_QUOTA',
    settings: () => ({ 'quotas.publisherBytes': '1KiB' }),
    bytes: 1_000,
    comesLater: true,
  },
  {
    name: 'of a peer over its quota',
    code: 'PEER_QUOTA',
    // The honest node brings two as well.
    settings: () => ({ 'quotas.peerItems': '2' }),
    fills: 2,
  },
  {
    name: 'above the whole quota of its peer',
    code: 'PEER_QUOTA',
    settings: () => ({ 'quotas.peerBytes': '1KiB' }),
    bytes: 1_000,
  },
  {
    name: 'of a peer that may only read',
    code: 'ROLE_READ',
    settings: ({ peer }) => ({ 'access.read': [peer] }),
  },
  { name: 'that an operator refuses', code: 'ITEM_REFUSED', refusesId: true },
  {
    name: 'from the future',
    code: 'HINT_TOO_NEW',
    settings: () => ({ 'hints.unit': 'milliseconds' }),
    hint: BigInt(Number.MAX_SAFE_INTEGER),
  },
  {
    name: 'below the floor',
    code: 'HINT_TOO_OLD',
    settings: () => ({ 'retention.minHint': `${HINT}` }),
    hint: HINT - 1n,
  },
  {
    name: 'above the limit',
    code: 'ITEM_TOO_LARGE',
    // A node with another limit is passed the item, and the two stay different.
    members: { 'limits.maxItemBytes': '1KiB' },
    bytes: 1_025,
  },
  {
    name: 'above the limit that is announced by its key',
    code: 'ITEM_TOO_LARGE',
    settings: () => ({ 'limits.maxItemBytes': '8KiB' }),
    bytes: 10_000,
  },
];

/** Connects the peer; resolves once the two push to each other. Items of the guarded node show it. */
async function pushing({ guarded, peer }: Nodes): Promise<void> {
  await peer.client.addPeer(guarded.address);
  let puts = 0;
  await until(
    async () => {
      await guarded.client.put(bytesOf(`probe ${puts++}`), HINT);
      return (await peer.client.status()).push!;
    },
    ({ received }) => received > 0,
  );
}

describe('a pushed item', () => {
  const refusePushed = async (t: TestContext, row: PushRow): Promise<void> => {
    const nodes = await nodesOf(await LocalDaemons.create(t), row);
    const { guarded, peer } = nodes;
    const { hint = HINT, bytes = 10, fills = 0 } = row;
    const payload = new Uint8Array(bytes).fill(7);
    await pushing(nodes);
    if (row.refusesId) {
      const ids = [bytesToHex(itemId(hint, payload))];
      await guarded.client.send('POST', '/v1/refused', JSON.stringify({ ids }));
    }
    let items = await itemsOf(guarded);
    for (let n = 0; n < fills; n++) {
      await peer.client.put(bytesOf(`within the quota: ${n}`), HINT);
      await holds(guarded, ++items);
    }
    const arrivals = 'items_added_total{way="push"}';
    const pushed = await counted(guarded, arrivals);
    await peer.client.put(payload, hint);
    await assertOnce(guarded, refusalsAt('push', row.code));
    assert.equal(await counted(guarded, arrivals), pushed);
    if (row.comesLater) await holds(guarded, ++items);
    await assertUnaffected(nodes, items);
    assert.equal(await counted(guarded, refusalsAt('push', row.code)), 1, 'still once');
    assert.equal(await counted(guarded, refusalsAt('fetch', row.code)), 0, 'at no other place');
  };

  for (const row of PUSH_ROWS) {
    it(`${row.name} is refused with ${row.code}`, (t) => refusePushed(t, row));
  }
});

describe('an item that a peer lists', () => {
  it('waits with PEER_RATE while the peer is over its rate', async (t) => {
    const settings = () => ({ ...NO_PUSH, 'limits.peerBytesPerSecond': '1KiB' });
    const nodes = await nodesOf(await LocalDaemons.create(t), { settings });
    const { guarded, peer } = nodes;
    // Half a minute of its rate.
    await peer.client.put(new Uint8Array(30_000), HINT);
    await peer.client.addPeer(guarded.address);
    await holds(guarded, 2);
    await peer.client.put(bytesOf('over the rate'), HINT);
    await assertOnce(guarded, refusalsAt('fetch', 'PEER_RATE'));
    await assertUnaffected(nodes, 2);
    assert.equal(await counted(guarded, refusalsAt('fetch', 'PEER_RATE')), 1, 'still once');
  });

  it('is refused with ITEM_TOO_LARGE, the others are taken', async (t) => {
    const settings = () => ({ ...NO_PUSH, 'limits.maxItemBytes': '1KiB' });
    const nodes = await nodesOf(await LocalDaemons.create(t), { settings });
    const { guarded, peer } = nodes;
    await peer.client.put(new Uint8Array(1_025), HINT);
    await peer.client.put(new Uint8Array(1_024), HINT);
    await peer.client.addPeer(guarded.address);
    await assertOnce(guarded, refusalsAt('fetch', 'ITEM_TOO_LARGE'));
    await holds(guarded, 2);
    await assertUnaffected(nodes, 2);
    assert.equal(await counted(guarded, refusalsAt('fetch', 'ITEM_TOO_LARGE')), 1, 'still once');
  });
});

/** Bounds on hints of the guarded node, and a hint outside. */
const HINT_ROWS = [
  {
    name: 'below the floor',
    code: 'HINT_TOO_OLD',
    bounds: { 'retention.minHint': `${HINT}` },
    hint: HINT - 1n,
  },
  {
    name: 'from the future',
    code: 'HINT_TOO_NEW',
    bounds: { 'hints.unit': 'milliseconds' },
    hint: BigInt(Number.MAX_SAFE_INTEGER),
  },
];

/** A clock that can be set back. */
function settable(): { readonly clock: Clock; setBack: (ms: number) => void } {
  const set = { behindMs: 0 };
  const clock: Clock = {
    now: () => systemClock.now() - set.behindMs,
    monotonic: () => systemClock.monotonic(),
    after: (ms, call) => systemClock.after(ms, call),
  };
  const setBack = (behindMs: number) => void Object.assign(set, { behindMs });
  return { clock, setBack };
}

/** Enough for a catch-up, whose slices are streamed. */
const STREAMED = 3_000;

describe('an item of a peer', () => {
  for (const { name, code, bounds, hint } of HINT_ROWS) {
    for (const dialect of ['native', 'commonware']) {
      it(`${name} is not fetched by ${dialect}, and the others are`, async (t) => {
        const settings = () => ({ ...NO_PUSH, ...bounds, 'sync.dialect': dialect });
        const nodes = await nodesOf(await LocalDaemons.create(t), { settings });
        const { guarded, peer } = nodes;
        await peer.client.put(bytesOf('outside'), hint);
        await peer.client.put(bytesOf('inside'), HINT);
        await peer.client.addPeer(guarded.address);
        await holds(guarded, 2);
        await assertUnaffected(nodes, 2);
        assert.equal((await guarded.client.status()).wanted, 0);
        assert.equal(await counted(guarded, refusalsAt('fetch', code)), 0, 'none came');
      });
    }

    it(`${name} is not even sent in a stream of the items that are accepted`, async (t) => {
      const settings = () => ({ ...NO_PUSH, ...bounds, 'sync.catchUpItems': '1000' });
      const nodes = await nodesOf(await LocalDaemons.create(t), { settings });
      const { guarded, peer } = nodes;
      const items = (count: number, at: bigint) =>
        Array.from({ length: count }, (_, i) => ({ hint: at, payload: bytesOf(`${at} ${i}`) }));
      await peer.daemon.node.bulk.putMany([...items(STREAMED, hint), ...items(STREAMED, HINT)]);
      await peer.client.addPeer(guarded.address);
      await holds(guarded, STREAMED + 1);
      const streamed = await counted(guarded, 'range_items_total');
      assert.ok(streamed > STREAMED / 2, `${streamed} items were streamed`);
      assert.equal(await counted(guarded, refusalsAt('fetch', code)), 0, 'none came');
      await assertUnaffected(nodes, STREAMED + 1);
    });
  }

  it('ahead of a clock that was set back is fetched and streamed, and refused with HINT_TOO_NEW', async (t) => {
    const daemons = await LocalDaemons.create(t);
    const { clock, setBack } = settable();
    const peer = await daemons.start('peer', CALM);
    const settings = { 'hints.unit': 'milliseconds', 'sync.catchUpItems': '1000' };
    const own = { ...CALM, ...NO_PUSH, ...settings, 'network.peers': [peer.address] };
    const guarded = await daemons.start('guarded', own, clock);
    await converged([guarded, peer], 1);
    // Sessions go on to the end that was reached before.
    setBack(3_600_000);
    const now = BigInt(Date.now());
    const items = Array.from({ length: STREAMED }, (_, i) => ({
      hint: i % 2 === 0 ? now : HINT,
      payload: bytesOf(`${i}`),
    }));
    await peer.daemon.node.bulk.putMany(items);
    await holds(guarded, STREAMED / 2);
    await until(
      () => counted(guarded, refusalsAt('fetch', 'HINT_TOO_NEW')),
      (count) => count >= STREAMED / 2,
    );
    assert.ok((await counted(guarded, 'range_items_total')) > 0, 'some were streamed');
    assert.equal(await itemsOf(guarded), STREAMED / 2);
    setBack(0);
    await holds(guarded, STREAMED);
  });
});

describe('a request', () => {
  it('of a peer that may only write is refused with ROLE_WRITE', async (t) => {
    const daemons = await LocalDaemons.create(t);
    // Ids that another node listed, and that are put off there, are asked for wherever they may be.
    const slow = { ...NO_PUSH, 'limits.peerBytesPerSecond': '1KiB' };
    const settings: NodesInit['settings'] = ({ peer }) => ({ 'access.write': [peer] });
    const nodes = await nodesOf(daemons, { settings, peer: slow });
    const { guarded, peer } = nodes;
    const lender = await daemons.start('lender', CALM);
    await lender.client.put(new Uint8Array(30_000), HINT);
    await peer.client.addPeer(lender.address);
    await holds(peer, 1);
    await lender.client.put(bytesOf('wanted'), HINT);
    await until(
      () => peer.client.status(),
      ({ wanted }) => wanted === 1,
    );
    await daemons.stop(lender);
    await peer.client.addPeer(guarded.address);
    await assertOnce(guarded, 'mesh_notices_total{code="ROLE_WRITE"}');
    assert.equal(await itemsOf(peer), 1, 'it gets nothing');
    // Its own item is taken: that is its role.
    await holds(guarded, 2);
    await assertUnaffected(nodes, 2);
  });
});
