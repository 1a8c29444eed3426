import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { join2, TestMesh, until } from './support/mesh.ts';

describe('access', () => {
  // Under the load of other tests nodes leave push to sessions, and the pushed item is long in coming.
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

  it('refuses a node that is not on the list, with a clear line on both sides', async (context) => {
    const mesh = await TestMesh.create(context);
    const friend = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
    const closed = ['--set', 'access.mode=list', '--set', `access.peers=${friend}`];
    const guarded = await mesh.start('guarded', { args: closed });
    const stranger = await mesh.start('stranger');
    const { addresses } = await guarded.client.status();
    const { status, text } = await stranger.client.send(
      'POST',
      '/v1/peers',
      JSON.stringify({ address: addresses[0] }),
    );
    assert.ok(status >= 400, text);
    assert.equal(JSON.parse(text).code, 'PEER_REFUSED');
    const here = await guarded.daemon.logged(({ code }) => code === 'PEER_NOT_LISTED');
    assert.match(String(here.msg), new RegExp(stranger.daemon.peerId));
    const there = await stranger.daemon.logged(({ code }) => code === 'PEER_REFUSED');
    assert.match(String(there.msg), /list/);
  });

  it('refuses a node with another pre-shared key, with a clear line on both sides', async (context) => {
    const mesh = await TestMesh.create(context);
    const start = async (name: string, digit: string) => {
      const file = mesh.path(`${name}.key`);
      await writeFile(file, digit.repeat(64), { mode: 0o600 });
      return mesh.start(name, {
        args: ['--set', 'access.mode=psk', '--set', `access.pskFile=${file}`],
      });
    };
    const [ours, theirs] = await Promise.all([start('ours', '1'), start('theirs', '2')]);
    const { addresses } = await ours.client.status();
    const { status } = await theirs.client.send(
      'POST',
      '/v1/peers',
      JSON.stringify({ address: addresses[0] }),
    );
    assert.ok(status >= 400);
    const there = await theirs.daemon.logged(({ code }) => code === 'WRONG_PRE_SHARED_KEY');
    assert.match(String(there.msg), /pre-shared key/);
    const here = await ours.daemon.logged(({ code }) => code === 'WRONG_PRE_SHARED_KEY');
    assert.match(String(here.msg), /pre-shared key/);
  });
});
