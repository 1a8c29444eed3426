import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join2, type Running, TestMesh, until } from './support/mesh.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Two nodes, the first of which gives the second a role; each puts an item before and one after. */
async function pair(mesh: TestMesh, role: 'read' | 'write'): Promise<[Running, Running]> {
  const other = await mesh.start('other', { args: ['--set', 'network.discovery=false'] });
  const args = [
    ...['--set', 'network.discovery=false'],
    ...['--set', `access.${role}=${other.daemon.peerId}`],
  ];
  const guarded = await mesh.start('guarded', { args });
  for (const [name, { client }] of [
    ['guarded', guarded],
    ['other', other],
  ] as const) {
    await client.put(bytes(`${name}, before`));
  }
  await join2(other, guarded);
  return [guarded, other];
}

async function itemsOf({ client }: Running): Promise<number> {
  return (await client.status()).set.items;
}

async function counted({ client }: Running, sample: string): Promise<boolean> {
  const { text } = await client.send('GET', '/metrics');
  return text.split('\n').some((line) => line.startsWith(`rangemesh_${sample} `));
}

/** Sessions that both nodes begin. */
async function sessions(other: Running, guarded: Running): Promise<void> {
  for (const { client } of [other, guarded, other]) await client.send('POST', '/v1/sync', '{}');
}

/** The only peer of a node. */
async function only({ client }: Running) {
  const { peers } = await client.status();
  assert.equal(peers.length, 1);
  return peers[0]!;
}

describe('the role of a peer', () => {
  it('read gives it all items and takes none of its own, by sessions and by push', async (context) => {
    const mesh = await TestMesh.create(context);
    const [guarded, reader] = await pair(mesh, 'read');
    await until(
      () => itemsOf(reader),
      (items) => items === 2,
    );
    await until(
      () => counted(guarded, 'mesh_notices_total{code="ROLE_READ"}'),
      (told) => told,
    );
    await until(
      async () => {
        await reader.client.put(bytes(`pushed ${performance.now()}`));
        return counted(guarded, 'refusals_total{at="push",code="ROLE_READ"}');
      },
      (told) => told,
    );
    assert.equal(await itemsOf(guarded), 1);
    await sessions(reader, guarded);
    const there = await until(
      () => only(reader),
      ({ takes }) => !takes,
    );
    const here = await only(guarded);
    assert.deepEqual([here.inSync, here.gives, here.takes], [false, true, true]);
    assert.deepEqual([there.inSync, there.gives, there.takes], [false, true, false]);
    // A fetch that is just over may have its proof still to come.
    const { reason } = await until(
      () => reader.client.status(),
      ({ state }) => state === 'in-sync',
    );
    assert.match(reason, /takes nothing: this node is in access\.read there/);
  });

  it('write takes its items and gives it none, by sessions and by push', async (context) => {
    const mesh = await TestMesh.create(context);
    const [guarded, writer] = await pair(mesh, 'write');
    await until(
      () => itemsOf(guarded),
      (items) => items === 2,
    );
    await guarded.client.put(bytes('guarded, after'));
    await writer.client.put(bytes('writer, after'));
    await until(
      () => itemsOf(guarded),
      (items) => items === 4,
    );
    await sessions(writer, guarded);
    const { push, wanted, set } = await writer.client.status();
    assert.deepEqual([set.items, wanted, push!.messages], [2, 0, 0], 'it hears of nothing');
    const there = await until(
      () => only(writer),
      ({ gives }) => !gives,
    );
    const here = await only(guarded);
    assert.deepEqual([here.inSync, here.gives, here.equalAsOf], [false, true, null]);
    const { reason } = await until(
      () => guarded.client.status(),
      ({ state }) => state === 'in-sync',
    );
    assert.doesNotMatch(reason, /refused here/, 'an item that it holds is no refused one');
    const { peerId, inSync, gives, coversAsOf, equalAsOf } = there;
    assert.deepEqual([inSync, gives, coversAsOf, equalAsOf], [false, false, null, null]);
    const known = await writer.client.status();
    assert.equal(known.state, 'alone');
    assert.match(known.reason, /gives nothing: this node is in access\.write there/);
    const { text } = await writer.client.send('GET', '/v1/synced');
    assert.equal(JSON.parse(text).synced, false);
    const all = JSON.stringify({ peerId, from: '0', to: '9999999999999' });
    const diff = await writer.client.send('POST', '/v1/diff', all);
    assert.deepEqual([diff.status, JSON.parse(diff.text).code], [422, 'ROLE_WRITE']);
    assert.ok(await counted(writer, 'peers_one_way{way="gives_nothing"}'));
  });
});
