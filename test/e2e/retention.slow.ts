import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join2, TestMesh, until } from './support/mesh.ts';

/** Ages in seconds: items go a minute later. */
const AGES = [10, 20, 30];
const ITEMS = 60;

const refetched = /refusals_total\{at="fetch",code="HINT_TOO_OLD"\}/;

describe('three daemons that keep items for different times', () => {
  it('are in sync while each removes its own, and fetch nothing that they removed', async (context) => {
    const mesh = await TestMesh.create(context);
    const nodes = await Promise.all(
      AGES.map((age, i) =>
        mesh.start(`n${i}`, {
          args: [
            ...['--set', 'hints.unit=milliseconds', '--set', `retention.maxAge=${age}s`],
            ...['--set', 'sync.intervalMs=1000', '--set', 'sync.intervalMaxMs=2000'],
          ],
        }),
      ),
    );
    for (const [i, node] of nodes.entries()) await join2(node, nodes[(i + 1) % nodes.length]!);
    for (let i = 0; i < ITEMS; i++) {
      await nodes[i % nodes.length]!.client.put(new Uint8Array([i]));
    }
    for (const { client } of nodes) {
      await until(
        () => client.status(),
        ({ set }) => set.items === ITEMS,
      );
    }
    for (const { client } of nodes) {
      await until(
        () => client.status(),
        ({ retention, state }) => retention.removedItems === ITEMS && state === 'in-sync',
        150_000,
      );
      const { set, refused, retention } = await client.status();
      assert.deepEqual([set.items, refused, retention.left, retention.waits], [0, 0, 0, null]);
      assert.doesNotMatch((await client.send('GET', '/metrics')).text, refetched);
    }
  });
});
