import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertHeld, converged, join2, TestMesh, until } from './support/mesh.ts';

const encoder = new TextEncoder();

describe('daemons', () => {
  it('lose no acknowledged item when one is killed during an import and starts again', async (context) => {
    const mesh = await TestMesh.create(context);
    const first = await mesh.start('a');
    const other = await mesh.start('b');
    await join2(first, other);
    const acknowledged = new Set<string>();
    const importing = Promise.allSettled(
      Array.from({ length: 32 }, async (_, writer) => {
        for (let i = 0; ; i++) {
          const { id } = await first.client.put(encoder.encode(`${writer}/${i}`));
          acknowledged.add(id);
        }
      }),
    );
    await until(
      async () => acknowledged.size,
      (size) => size > 1_000,
    );
    await first.daemon.stop('SIGKILL');
    await importing;

    const again = await mesh.start('a');
    await assertHeld(again, acknowledged);
    await join2(again, other);
    const [status] = await converged([again, other], 1);
    assert.ok(status!.set.items >= acknowledged.size);
  });
});
