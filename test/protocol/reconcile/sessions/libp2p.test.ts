import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { Libp2p } from '@libp2p/interface';
import { systemClock as clock } from '../../../../src/daemon/index.ts';
import type {
  FetchService,
  ReconcileService,
  SessionReport,
} from '../../../../src/protocol/index.ts';
import { fetch, type Libp2pComponents, reconcile } from '../../../../src/protocol/libp2p.ts';
import { bytesToKey, type Item, itemId } from '../../../../src/store/index.ts';
import { loopbackNode } from '../../../support/libp2p.ts';
import { oneByOne } from '../../../support/one-by-one.ts';
import { tinyDialect, tinySnapshot } from '../../../support/tiny-dialect.ts';
import { idsOf } from './reconcile-harness.ts';

interface Node {
  libp2p: Libp2p;
  reconcile: ReconcileService;
  fetch: FetchService;
  held: Map<string, Item>;
  ended: SessionReport[];
  missing: number[];
  peerKnown: Promise<void>;
}

async function makeNode(ids: readonly Uint8Array[]): Promise<Node> {
  const known = Promise.withResolvers<void>();
  const node = {
    held: new Map(),
    ended: [],
    missing: [],
    peerKnown: known.promise,
  } as unknown as Node;
  const reconcileFactory = reconcile({
    clock,
    networkName: 'real',
    dialects: [tinyDialect({ warmUp: 2 })],
    snapshot: () => ({ snapshot: tinySnapshot(ids), version: 1 }),
    events: {
      peerConnected: () => known.resolve(),
      peerDisconnected() {},
      differs: () => {},
      missing: (_, learnt) => void node.missing.push(...learnt.map((id) => id[0]!)),
      ended: (report) => void node.ended.push(report),
    },
  });
  const fetchFactory = fetch({
    clock,
    networkName: 'real',
    serve: oneByOne({ get: async (id) => node.held.get(bytesToKey(id)) }),
  });
  node.libp2p = await loopbackNode({
    reconcile: (components: Libp2pComponents) => (node.reconcile = reconcileFactory(components)),
    fetch: (components: Libp2pComponents) => (node.fetch = fetchFactory(components)),
  });
  return node;
}

function itemOf(number: number, size: number): Item {
  const payload = new Uint8Array(size).fill(number & 0xff);
  new DataView(payload.buffer).setUint32(0, number);
  return { hint: BigInt(number), payload, id: itemId(BigInt(number), payload) };
}

describe('services over libp2p', () => {
  let a: Node;
  let b: Node;
  const idOf = (node: Node): string => node.libp2p.peerId.toString();

  before(async () => {
    [a, b] = await Promise.all([makeNode(idsOf(1, 2, 3)), makeNode(idsOf(3, 4))]);
    await a.libp2p.dial(b.libp2p.getMultiaddrs());
    await Promise.all([a.peerKnown, b.peerKnown]);
  });
  after(() => Promise.all([a.libp2p.stop(), b.libp2p.stop()]));

  it('hold a session, in which both sides find their missing ids', async () => {
    const report = await a.reconcile.reconcile(idOf(b));
    assert.deepEqual([report.error, report.role, report.missing], [null, 'initiator', 1]);
    assert.deepEqual([a.missing, b.missing.sort()], [[4], [1, 2]]);
    assert.deepEqual(a.reconcile.peers, [idOf(b)]);
  });

  it('hold one session when both start at once, time after time', async () => {
    for (let i = 0; i < 20; i++) {
      a.ended.length = 0;
      b.ended.length = 0;
      const [one, two] = await Promise.all([
        a.reconcile.reconcile(idOf(b)),
        b.reconcile.reconcile(idOf(a)),
      ]);
      assert.deepEqual([one.error, two.error], [null, null]);
      assert.deepEqual(new Set([one.role, two.role]), new Set(['initiator', 'responder']));
      assert.deepEqual([a.ended.length, b.ended.length], [1, 1]);
    }
  });

  it('deliver 500 small items and a large one to a slow consumer', async () => {
    const items = Array.from({ length: 500 }, (_, i) => itemOf(i, 200));
    items.push(itemOf(999, 5 << 20));
    items.push(...Array.from({ length: 40 }, (_, i) => itemOf(1_000 + i, 256 << 10)));
    for (const item of items) b.held.set(bytesToKey(item.id), item);
    const got: Uint8Array[] = [];
    const report = await a.fetch.fetch({
      peer: idOf(b),
      ids: [...items.map(({ id }) => id), new Uint8Array(32)],
      onItems: async (some) => {
        got.push(...some.map(({ id }) => id));
        const delayMs = some.some(({ payload }) => payload.length > 1_000) ? 15 : 0;
        await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      },
    });
    assert.deepEqual(
      [report.outcome, report.items, report.error],
      ['complete', items.length, null],
    );
    assert.deepEqual(
      got,
      items.map(({ id }) => id),
    );
    assert.deepEqual(report.absent, [new Uint8Array(32)]);
    assert.equal(
      report.payloadBytes,
      items.reduce((sum, { payload }) => sum + payload.length, 0),
    );
    assert.equal(a.fetch.totals.receivedBytes, b.fetch.totals.sentBytes);
  });

  it('answer hostile bytes with a reset, and keep running', async () => {
    for (const protocol of ['/rangemesh/real/tiny/1', '/rangemesh/real/fetch/2']) {
      for (const bytes of [
        Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
        Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
        Uint8Array.of(3, 1, 2, 3),
        Uint8Array.of(10, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
      ]) {
        b.ended.length = 0;
        const stream = await a.libp2p.dialProtocol(b.libp2p.peerId, protocol);
        const closed = once(stream, 'close');
        stream.addEventListener('message', () => {});
        stream.send(bytes);
        await closed;
        assert.equal(stream.status, 'reset');
      }
    }
    assert.equal((await a.reconcile.reconcile(idOf(b))).error, null);
    assert.equal(b.libp2p.getConnections().length, 1);
  });

  it('end a session with an error when the peer stops', async () => {
    const held = Promise.withResolvers<void>();
    const stalled = a.fetch.fetch({
      peer: idOf(b),
      ids: [...b.held.values()].map(({ id }) => id),
      onItems: () => held.promise,
    });
    let over = false;
    void stalled.finally(() => {
      over = true;
    });
    while (!over && b.fetch.totals.sentBytes === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await b.libp2p.stop();
    held.resolve();
    const report = await stalled;
    assert.equal(report.outcome, 'failed');
    const session = await a.reconcile.reconcile(idOf(b));
    assert.ok(session.error !== null);
    assert.deepEqual(a.reconcile.peers, []);
  });
});
