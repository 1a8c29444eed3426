import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { converged, each, join2, type Running, TestMesh } from './support/mesh.ts';

const encoder = new TextEncoder();

/** Puts `count` items of the writer's own; returns the ids that were acknowledged. */
async function write(node: Running, writer: string, count: number): Promise<Set<string>> {
  const puts = await each(count, (i) => node.client.put(encoder.encode(`${writer}/${i}`)));
  return new Set(puts.map(({ id }) => id));
}

describe('three daemons', () => {
  it('become equal while all of them are written to', async (context) => {
    const mesh = await TestMesh.create(context);
    const nodes = await Promise.all(['a', 'b', 'c'].map((name) => mesh.start(name)));
    const [a, b, c] = nodes as [Running, Running, Running];
    const before = await Promise.all(nodes.map((node, i) => write(node, `before ${i}`, 40)));
    const [, ...during] = await Promise.all([
      join2(a, b).then(() => Promise.all([join2(b, c), join2(c, a)])),
      ...nodes.map((node, i) => write(node, `during ${i}`, 60)),
    ]);
    const ids = new Set([...before, ...during].flatMap((set) => [...set]));
    const statuses = await converged(nodes, 2);
    assert.equal(ids.size, 300);
    for (const { set, wanted } of statuses) {
      assert.equal(set.items, 300);
      assert.equal(wanted, 0);
    }
    for (const id of [...ids].slice(0, 20)) {
      const { status } = await a.client.send('GET', `/v1/items/${id}`);
      assert.equal(status, 200);
    }
    const codes = await Promise.all(nodes.map(({ daemon }) => daemon.stop('SIGTERM')));
    assert.deepEqual(codes, [0, 0, 0]);
  });
});
