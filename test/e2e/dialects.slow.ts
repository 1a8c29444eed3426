import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Status } from '../../src/daemon/index.ts';
import { converged, each, join2, type Running, TestMesh, until } from './support/mesh.ts';

const encoder = new TextEncoder();

async function write(node: Running, writer: string, count: number): Promise<void> {
  await each(count, (i) => node.client.put(encoder.encode(`${writer}/${i}`)));
}

/** Dialects of the last session with each peer, by peer id. */
function spoken({ peers }: Status): Map<string | null, string | undefined> {
  return new Map(peers.map(({ peerId, lastSession }) => [peerId, lastSession?.dialect]));
}

describe('a mesh of three native nodes and one that speaks commonware alone', () => {
  it('converges, each pair in the best common dialect', async (context) => {
    const mesh = await TestMesh.create(context);
    const old = await mesh.start('old', { args: ['--set', 'sync.dialect=commonware'] });
    const nodes = [old, ...(await Promise.all(['a', 'b', 'c'].map((name) => mesh.start(name))))];
    await Promise.all(nodes.map((node, i) => write(node, `writer ${i}`, 100)));
    for (const [i, from] of nodes.entries()) {
      for (const to of nodes.slice(i + 1)) await join2(from, to);
    }
    const statuses = await converged(nodes, 3);
    assert.equal(statuses[0]!.set.items, 400);
    const [theOld, ...natives] = statuses.map(({ peerId }) => peerId);
    for (const status of statuses.slice(1)) {
      const dialects = spoken(status);
      assert.equal(dialects.get(theOld!), 'commonware');
      for (const peer of natives) {
        if (peer !== status.peerId) assert.equal(dialects.get(peer), 'native');
      }
    }
  });

  it('shows what it proved of a peer, and since when', async (context) => {
    const mesh = await TestMesh.create(context);
    const a = await mesh.start('a');
    const b = await mesh.start('b');
    await write(a, 'a', 50);
    await write(b, 'b', 30);
    await join2(a, b);
    await converged([a, b], 1);
    const { peers } = await until(
      () => a.client.status(),
      (status) => status.peers.some(({ equalAsOf }) => equalAsOf !== null),
    );
    const [peer] = peers;
    const everything = { lower: '0', upper: 'infinity' };
    assert.deepEqual(peer!.equalAsOf!.interval, everything);
    assert.deepEqual(peer!.coversAsOf!.interval, everything);
    // As of the start of a session that has ended.
    assert.ok(Date.parse(peer!.coversAsOf!.at) <= Date.parse(peer!.lastSession!.startedAt));
    assert.ok(peer!.lastSession!.efficiency! > 0);
  });
});
