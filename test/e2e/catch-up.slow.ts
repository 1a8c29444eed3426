import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join2, TestMesh, until } from './support/mesh.ts';

const ITEMS = 1_200;
const BATCH = 32;
/** Slices of too few items to be streamed. */
const SMALL_SLICES = [
  ...['--set', 'sync.catchUpItems=300', '--set', 'sync.sliceItems=256'],
  ...['--set', `fetch.batchItems=${BATCH}`],
];

describe('a node far behind', () => {
  it('catches up from two peers, killed and started again on the way, and fetches nothing twice', async (context) => {
    const mesh = await TestMesh.create(context);
    const full = [await mesh.start('a'), await mesh.start('b')];
    const payloads = Array.from({ length: ITEMS }, (_, i) => new Uint8Array(2_000).fill(i % 251));
    for (const [i, payload] of payloads.entries()) new DataView(payload.buffer).setUint32(0, i);
    for (let i = 0; i < ITEMS; i += 50) {
      const some = payloads.slice(i, i + 50);
      await Promise.all(
        full.map(({ client }) =>
          Promise.all(some.map((payload, k) => client.put(payload, BigInt(i + k)))),
        ),
      );
    }
    const behind = await mesh.start('c', { args: SMALL_SLICES });
    for (const peer of full) await join2(behind, peer);
    await until(
      () => behind.client.status(),
      ({ set }) => set.items >= ITEMS / 4,
    );
    await behind.daemon.stop('SIGKILL');
    behind.client.close();
    const again = await mesh.start('c', { args: SMALL_SLICES });
    for (const peer of full) await join2(again, peer);
    const ended = again.daemon.logged(({ event }) => event === 'catch-up-ended');
    const status = await until(
      () => again.client.status(),
      ({ set, peers }) => set.items === ITEMS && peers.filter(({ inSync }) => inSync).length === 2,
    );
    assert.equal(status.wanted, 0);
    assert.equal(status.catchUp, null);
    const { slices } = (await ended) as unknown as { slices: { total: number; checked: number } };
    assert.equal(slices.checked, slices.total);
    const statuses = await Promise.all(full.map(({ client }) => client.status()));
    const sent = statuses.map(({ transfer }) => transfer.sentBytes);
    assert.ok(
      sent.every((bytes) => bytes > 0),
      'both serve',
    );
    // What was under way at the kill comes again, up to two batches a peer; a batch that an idle peer
    // took over comes twice as well.
    const under = 8 * BATCH * 2_000;
    assert.ok(sent[0]! + sent[1]! <= ITEMS * 2_000 + under, `${sent}`);
  });

  it('has its peers stream the slices that it lacks, and goes on so after a kill', async (context) => {
    const mesh = await TestMesh.create(context);
    const full = [await mesh.start('a'), await mesh.start('b')];
    const count = 12_000;
    const payloads = Array.from({ length: count }, (_, i) => new Uint8Array(400).fill(i % 251));
    for (const [i, payload] of payloads.entries()) new DataView(payload.buffer).setUint32(0, i);
    for (const { client } of full) {
      for (let i = 0; i < count; i += 400) {
        const some = payloads.slice(i, i + 400);
        await Promise.all(some.map((payload, k) => client.put(payload, BigInt(i + k))));
      }
    }
    const args = ['--set', 'sync.catchUpItems=1000', '--set', 'budgets.downloadBytesPerSecond=1MB'];
    const behind = await mesh.start('c', { args });
    for (const peer of full) await join2(behind, peer);
    await until(
      () => behind.client.status(),
      ({ set }) => set.items >= count / 4,
    );
    await behind.daemon.stop('SIGKILL');
    behind.client.close();
    const again = await mesh.start('c', { args });
    for (const peer of full) await join2(again, peer);
    await until(
      () => again.client.status(),
      ({ set, peers }) => set.items === count && peers.filter(({ inSync }) => inSync).length === 2,
    );
    const { text } = await again.client.send('GET', '/metrics');
    const streamed = Number(/^rangemesh_range_items_total (\d+)$/m.exec(text)?.[1] ?? 0);
    assert.ok(streamed >= count / 4, `${streamed} items were streamed`);
    const sent = (await Promise.all(full.map(({ client }) => client.status()))).map(
      ({ transfer }) => transfer.sentBytes,
    );
    assert.ok(sent[0]! + sent[1]! <= 1.25 * count * 400, `${sent}`);
  });
});
