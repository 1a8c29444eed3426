import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nativeDialect } from '../../src/protocol/index.ts';
import type { NewItem } from '../../src/store/index.ts';
import { SimulatedMesh } from './simulated-mesh.ts';

const EVERY = 60;

/** The items of a node alone; some are too long to come in place of an id. */
function itemsOf(node: number): NewItem[] {
  return Array.from({ length: EVERY }, (_, i) => ({
    hint: BigInt(1_000 * i + node),
    payload: new Uint8Array(i % 6 === 0 ? 600 : 100).fill(node),
  }));
}

/** How the items of others came onto the disk of a node. */
class Came {
  stored = 0;
  twice = 0;
  asked = 0;

  readonly observer = {
    fetched: {
      stored: (_: unknown, results: readonly { created: boolean }[]) => {
        for (const { created } of results) created ? this.stored++ : this.twice++;
      },
      refused: () => undefined,
    },
    requestEnded: ({ items }: { items: number }) => {
      this.asked += items;
    },
  };
}

describe('a mesh of nodes that take items in sessions', () => {
  it('becomes equal, also with nodes that take none and nodes of an older version', async () => {
    const mesh = new SimulatedMesh('both kinds');
    const { random } = mesh;
    const older = {
      dialects: [nativeDialect({ random, version: 4 }), nativeDialect({ random, version: 3 })],
    };
    const came: Came[] = [];
    for (const [i, change] of [
      { ...older, itemBytes: 512 },
      { ...older, itemBytes: 512 },
      { dialects: [nativeDialect({ random, version: 3 })] },
      { ...older },
    ].entries()) {
      came.push(new Came());
      const node = await mesh.add(`n${i}`, { ...change, observers: [came[i]!.observer] });
      await node.replica.put(itemsOf(i));
    }
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 0],
    ] as const) {
      mesh.link(a, b, { latencyMs: 20 });
    }
    assert.ok(await mesh.converge(60_000));
    for (const { stored } of came) assert.equal(stored, 3 * EVERY);
    assert.ok(came[0]!.asked < came[0]!.stored, 'some came in sessions');
    assert.equal(came[2]!.asked, came[2]!.stored + came[2]!.twice, 'none came in sessions');
    await mesh.stop();
  });

  it('asks for long items alone where two nodes meet, and nothing comes twice', async () => {
    const mesh = new SimulatedMesh('two');
    const came = [new Came(), new Came()];
    for (const [i, { observer }] of came.entries()) {
      const node = await mesh.add(`n${i}`, { itemBytes: 512, observers: [observer] });
      await node.replica.put(itemsOf(i));
    }
    mesh.link(0, 1);
    assert.ok(await mesh.converge(20_000));
    for (const { stored, twice, asked } of came) {
      assert.deepEqual({ stored, twice, asked }, { stored: EVERY, twice: 0, asked: EVERY / 6 });
    }
    const [a, b] = mesh.nodes;
    await mesh.clock.advance(20_000);
    assert.ok(a!.replicator.peers.inSync('n1') && b!.replicator.peers.inSync('n0'));
    assert.equal(a!.replicator.wanted.size, 0);
    await mesh.stop();
  });
});
