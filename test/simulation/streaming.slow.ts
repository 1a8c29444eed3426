import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RangeReport, ServeRange } from '../../src/protocol/index.ts';
import {
  bytesToHex,
  type Item,
  MemoryTree,
  type NewItem,
  type Replica,
  type Snapshot,
} from '../../src/store/index.ts';
import { cleanUp } from '../support/clean-up.ts';
import { rangeOf as rangeOfItems } from '../support/ranges.ts';
import { SimulatedMesh } from './simulated-mesh.ts';
import type { Changes, SimulatedNode } from './simulated-node.ts';

const SLICES = { catchUpItems: 500, sliceItems: 1_024, intervalMs: 60_000 };

const STREAMS: Changes = { rangeOf: (replica) => (init) => replica.range(init) };

const NO_STREAMS: Changes = { rangeOf: () => null };

interface Streaming {
  readonly mesh: SimulatedMesh;
  /** The node that catches up. */
  readonly empty: SimulatedNode;
  readonly full: readonly SimulatedNode[];
  readonly streams: RangeReport[];
}

/** An empty node, and full ones that stream; `changes` makes some of them different. */
async function simulate(
  t: TestContext,
  seed: string,
  count: number,
  changes: readonly Changes[],
): Promise<Streaming> {
  const mesh = new SimulatedMesh(seed, SLICES);
  cleanUp(t, () => mesh.stop());
  const streams: RangeReport[] = [];
  const streamEnded = (report: RangeReport): void => void streams.push(report);
  const empty = await mesh.add('empty', { ...STREAMS, observers: [{ streamEnded }] });
  const full: SimulatedNode[] = [];
  const items = itemsFor(mesh, count);
  for (const [i, change] of changes.entries()) {
    const node = await mesh.add(`full-${i}`, { ...STREAMS, ...change });
    await node.replica.put(items);
    full.push(node);
  }
  return { mesh, empty, full, streams };
}

function itemsFor(mesh: SimulatedMesh, count: number, from = 0): NewItem[] {
  return Array.from({ length: count }, (_, i) => ({
    hint: BigInt(from + i),
    payload: mesh.random.bytes(20),
  }));
}

function link({ mesh, full }: Streaming, bytesPerMs = 100): void {
  for (const i of full.keys()) mesh.link(0, i + 1, { latencyMs: 15, bytesPerMs });
}

function receivedOverNeeded({ empty }: Streaming, count: number): number {
  return empty.fetch.totals.receivedBytes / (20 * count);
}

/** Lets time pass until the catch-up has ended. */
async function caughtUp({ mesh, empty }: Streaming, limitMs = 120_000): Promise<void> {
  for (let ms = 0; ms < limitMs; ms += 250) {
    await mesh.clock.advance(250);
    if (mesh.equal && empty.replicator.sessions.catchUp === null) return;
  }
  assert.fail(`${empty.replica.size} items after ${limitMs} ms`);
}

describe('catching up by streams under virtual time', () => {
  it('takes slices from all peers, without a list of ids, and checks each with a second peer', async (t) => {
    const set = await simulate(t, 'streams', 8_000, [{}, {}, {}]);
    link(set);
    await caughtUp(set);
    const { empty, streams } = set;
    assert.equal(
      streams.reduce((sum, { items }) => sum + items, 0),
      8_000,
    );
    assert.equal(new Set(streams.map(({ peer }) => peer)).size, 3);
    assert.ok(streams.every(({ outcome }) => outcome === 'complete'));
    const slices = empty.sessions.filter(
      ({ asked, mode }) => asked !== null && mode === 'reconcile',
    );
    assert.ok(slices.length >= streams.length, 'every slice is checked');
    assert.ok(
      empty.sessions.every(({ missing }) => missing === 0),
      'no id is listed',
    );
    assert.equal(receivedOverNeeded(set, 8_000), 1);
  });

  it('finds in a second peer what a stream leaves out', async (t) => {
    const hides = (hint: bigint): boolean => hint >= 1_000n && hint < 1_200n;
    const concealing: Changes = {
      shows: (snapshot) => withoutKeys(snapshot, hides),
      rangeOf: (replica) => heldBut(replica, hides),
    };
    const set = await simulate(t, 'omission', 4_000, [concealing, {}]);
    link(set);
    await caughtUp(set);
    assert.equal(set.empty.replica.size, 4_000);
    assert.ok(set.streams.some(({ peer, items }) => peer === 'full-0' && items > 0));
  });

  it('stores nothing of a part that does not match the index, until a session has explained it', async (t) => {
    const rotten: Changes = { rangeOf: (replica) => rottenAt(replica, 700n) };
    const set = await simulate(t, 'rot', 4_000, [rotten]);
    const ids = new Set<string>();
    set.empty.replica.onCommit((added) => {
      for (const { id } of added) ids.add(bytesToHex(id));
    });
    link(set);
    await caughtUp(set);
    assert.ok(set.streams.some(({ outcome }) => outcome === 'mismatch'));
    assert.equal(ids.size, 4_000, 'no item that the peer does not hold');
  });

  it('goes on behind the last whole part when a peer leaves', async (t) => {
    const set = await simulate(t, 'leaving', 12_000, [{}, {}]);
    const { mesh, empty } = set;
    link(set, 60);
    while (empty.replica.size < 4_000) await mesh.clock.advance(20);
    mesh.network.disconnect('empty', 'full-0');
    await caughtUp(set);
    assert.ok(receivedOverNeeded(set, 12_000) < 1.1, `${receivedOverNeeded(set, 12_000)}`);
  });

  it('brings nothing twice after it was interrupted, but for parts under way', async (t) => {
    const set = await simulate(t, 'interrupted', 12_000, [{}, {}]);
    const { mesh, empty } = set;
    link(set, 60);
    while (empty.replica.size < 6_000) await mesh.clock.advance(20);
    for (const { id } of set.full) mesh.network.disconnect('empty', id);
    await mesh.clock.advance(2_000);
    link(set, 60);
    await caughtUp(set);
    assert.ok(receivedOverNeeded(set, 12_000) < 1.15, `${receivedOverNeeded(set, 12_000)}`);
  });

  it('takes slices of peers that do not stream as before', async (t) => {
    const set = await simulate(t, 'mixed', 6_000, [{}, NO_STREAMS]);
    link(set);
    await caughtUp(set);
    const { streams, empty, full } = set;
    assert.ok(streams.length > 0 && streams.every(({ peer }) => peer === 'full-0'));
    const listed = empty.sessions.filter(({ missing }) => missing > 0);
    assert.ok(listed.length > 0 && listed.every(({ peer }) => peer === full[1]!.id));
  });

  it('ends while all nodes write', async (t) => {
    const set = await simulate(t, 'writes', 6_000, [{}, {}]);
    const { mesh, empty, full } = set;
    link(set);
    for (let i = 0; i < 40; i++) {
      for (const [at, node] of [empty, ...full].entries()) {
        await node.put({ hint: BigInt(150 * i + at), payload: mesh.random.bytes(20) });
      }
      await mesh.clock.advance(100);
    }
    await caughtUp(set);
    assert.equal(empty.replica.size, 6_120);
  });
});

/** A set without the keys of some hints. */
function withoutKeys(snapshot: Snapshot, hides: (hint: bigint) => boolean): Snapshot {
  const storage = new MemoryTree({ scheme: snapshot.scheme });
  storage.insert([...snapshot.keys(0, snapshot.size)].filter(({ hint }) => !hides(hint)));
  snapshot.release();
  return storage.snapshot();
}

/** Streams as if it held no items of some hints. */
function heldBut(replica: Replica, hides: (hint: bigint) => boolean): ServeRange {
  return async (init) => {
    const keys = await replica.list({ limit: 4_000 });
    const held: Item[] = [];
    for (const key of keys) {
      if (!hides(key.hint)) held.push({ ...key, payload: (await replica.get(key.id))!.payload });
    }
    return rangeOfItems(held)(init);
  };
}

/** Streams with a flipped bit in the payload of one hint. */
function rottenAt(replica: Replica, rotten: bigint): ServeRange {
  return async (init) => {
    const page = await replica.range(init);
    const records = page.records.map((record) =>
      record.hint === rotten && 'payload' in record
        ? { ...record, payload: record.payload.map((byte) => byte ^ 1) }
        : record,
    );
    return { ...page, records };
  };
}
