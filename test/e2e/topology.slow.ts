import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { converged, until } from './support/mesh.ts';

const encoder = new TextEncoder();

async function write(node: LocalDaemon, count: number): Promise<void> {
  const items = Array.from({ length: count }, (_, i) => encoder.encode(`${node.name}/${i}`));
  await Promise.all(items.map((item) => node.client.put(item)));
}

const statusOf = (nodes: readonly LocalDaemon[]) =>
  Promise.all(nodes.map(({ client }) => client.status()));

describe('a mesh of ten nodes', () => {
  it('is known to all from one address each, and each has its degree', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const settings = { 'network.degree': '4' };
    const begin = performance.now();
    const nodes = [await daemons.start('n0', settings)];
    for (let i = 1; i < 10; i++) {
      const peers = [nodes.at(-1)!.address];
      nodes.push(await daemons.start(`n${i}`, { ...settings, 'network.peers': peers }));
    }
    const statuses = await until(
      () => statusOf(nodes),
      (seen) => seen.every(({ mesh }) => mesh.known === 9 && mesh.connected >= 4),
      20_000,
    );
    context.diagnostic(`${Math.round(performance.now() - begin)} ms with their starts`);
    assert.deepEqual(
      statuses.map(({ mesh }) => mesh.degree),
      nodes.map(() => 4),
    );
    const { text } = await nodes[0]!.client.send('GET', '/v1/peers');
    const ids = JSON.parse(text).peers.map(({ peerId }: { peerId: string }) => peerId);
    assert.deepEqual(
      ids.sort(),
      nodes
        .slice(1)
        .map(({ daemon }) => daemon.peerId)
        .sort(),
    );
    await write(nodes[9]!, 20);
    await converged(nodes, 1);
  });
});

describe('a line of five nodes', () => {
  it('converges with each connected to its neighbours alone', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const nodes: LocalDaemon[] = [];
    for (let i = 0; i < 5; i++) {
      const peers = nodes.slice(-1).map(({ address }) => address);
      nodes.push(
        await daemons.start(`line${i}`, {
          'network.discovery': 'false',
          'network.degree': '2',
          'network.peers': peers,
        }),
      );
    }
    await Promise.all(nodes.map((node) => write(node, 20)));
    const statuses = await converged(nodes, 1);
    assert.equal(statuses[0]!.set.items, 100);
    assert.deepEqual(
      statuses.map(({ mesh }) => mesh.connected),
      [1, 2, 2, 2, 1],
    );
  });
});

describe('a partitioned mesh', () => {
  it('converges once one address joins its halves, and grows together', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const half = async (name: string) => {
      const first = await daemons.start(`${name}0`);
      const others = [1, 2].map((i) =>
        daemons.start(`${name}${i}`, { 'network.peers': [first.address] }),
      );
      return [first, ...(await Promise.all(others))];
    };
    const [left, right] = await Promise.all([half('left'), half('right')]);
    await Promise.all([...left, ...right].map((node) => write(node, 20)));
    const [[one], [other]] = await Promise.all([converged(left, 2), converged(right, 2)]);
    assert.deepEqual([one!.set.items, other!.set.items], [60, 60]);
    await left[2]!.client.addPeer(right[2]!.address);
    const [status] = await converged([...left, ...right], 5);
    assert.equal(status!.set.items, 120);
  });
});

describe('a node whose only peer is gone', () => {
  it('finds the mesh through the peers it knew', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const first = await daemons.start('first');
    const settings = { 'network.peers': [first.address] };
    const node = await daemons.start('node', settings);
    const others = [await daemons.start('a', settings), await daemons.start('b', settings)];
    await until(
      () => node.client.status(),
      ({ mesh }) => mesh.known === 3,
    );
    await daemons.stop(node);
    await daemons.stop(first);
    await write(others[0]!, 20);
    const again = await daemons.start('node', settings);
    const [status] = await converged([again, ...others], 2);
    assert.equal(status!.set.items, 20);
    assert.equal(status!.mesh.connected, 2);
  });
});

describe('a mesh of three in which one item is put a second', () => {
  const PROVE_MS = 5_000;

  it('is in sync throughout, and its proofs are renewed while writes go on', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const settings = { 'sync.proveMs': `${PROVE_MS}`, 'sync.intervalMs': '600000' };
    const first = await daemons.start('one', settings);
    const wired = { ...settings, 'network.peers': [first.address] };
    const nodes = [first, await daemons.start('two', wired), await daemons.start('three', wired)];
    const written = performance.now();
    let puts = 0;
    const put = async () => {
      const payload = encoder.encode(`${puts}`);
      await nodes[puts++ % 3]!.client.put(payload);
    };
    await put();
    await converged(nodes, 2);
    const seen = new Map<string, Set<string | undefined>>();
    await until(
      async () => {
        if (performance.now() - written > 1_000 * puts) await put();
        for (const { client } of nodes) {
          const { state, reason, lagSeconds, peers } = await client.status();
          assert.equal(state, 'in-sync', reason);
          assert.ok(lagSeconds! < (3 * PROVE_MS) / 1_000, `${lagSeconds}`);
          for (const { peerId, coversAsOf } of peers) {
            seen.set(peerId!, (seen.get(peerId!) ?? new Set()).add(coversAsOf?.at));
          }
        }
        return [...seen.values()];
      },
      (proofs) => proofs.length === 3 && proofs.every(({ size }) => size > 2),
    );
  });

  it('says that its sets differ where an item is refused', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const rich = await daemons.start('rich');
    const settings = { 'limits.maxItemBytes': '1024', 'network.peers': [rich.address] };
    const small = await daemons.start('small', settings);
    await rich.client.put(new Uint8Array(1_025));
    const refused = await until(
      () => small.client.status(),
      ({ state }) => state === 'different',
    );
    assert.deepEqual([refused.wanted, refused.refused], [0, 1]);
    const { text } = await small.client.send('POST', '/v1/sync');
    const { equal, state, sessions } = JSON.parse(text);
    assert.deepEqual([equal, state, sessions[0].refused], [false, 'different', 1]);
  });
});
