import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join2, TestMesh, until } from './support/mesh.ts';

// Slow: under the load of other tests nodes leave push to sessions, and the pushed item is long in coming.
describe('access', () => {
  it('by list takes no pushed item of a node that is not listed; a listed peer brings it by sessions', async (context) => {
    const mesh = await TestMesh.create(context);
    const open = ['--set', 'network.discovery=false'];
    const [neighbour, stranger] = [
      await mesh.start('neighbour', { args: open }),
      await mesh.start('stranger', { args: open }),
    ];
    const list = [...open, '--set', 'access.mode=list'];
    const args = [...list, '--set', `access.peers=${neighbour.daemon.peerId}`];
    const guarded = await mesh.start('guarded', { args });
    await join2(guarded, neighbour);
    await join2(stranger, neighbour);
    let puts = 0;
    const { push } = await until(
      async () => {
        await stranger.client.put(new TextEncoder().encode(`item ${puts++}`));
        return guarded.client.status();
      },
      (status) => status.push!.ignored > 0,
      120_000,
    );
    assert.equal(push!.received, 0);
    await until(
      () => guarded.client.status(),
      ({ set }) => set.items === puts,
    );
  });
});
