import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ITEM_OVERHEAD_BYTES } from '../../src/store/index.ts';
import { each, join2, TestMesh, until } from './support/mesh.ts';

const ITEM_BYTES = 4_000;
const FULL_BYTES = 25 * (ITEM_BYTES + ITEM_OVERHEAD_BYTES);
const FULL = ['--set', `limits.maxSetBytes=${FULL_BYTES}`, '--set', 'sync.intervalMs=300'];

const payload = (i: number) => new Uint8Array(ITEM_BYTES).fill(i);

describe('a full set', () => {
  it('refuses puts with a reason, and serves its items', async (context) => {
    const mesh = await TestMesh.create(context);
    const { client } = await mesh.start('full', { args: FULL });
    const { id } = await client.put(payload(0));
    for (let i = 1; i < 25; i++) await client.put(payload(i));
    assert.equal((await client.status()).set.bytes, 100_000);
    const { status, text } = await client.send('POST', '/v1/items', payload(25));
    assert.deepEqual([status, JSON.parse(text).code], [507, 'SET_FULL']);
    const { refusing, set } = await client.status();
    assert.equal(refusing?.code, 'SET_FULL');
    assert.match(refusing.message, /105700 bytes: raise limits\.maxSetBytes/);
    assert.equal(set.items, 25);
    assert.equal((await client.send('GET', `/v1/items/${id}`)).status, 200);
    assert.equal((await client.send('GET', '/livez')).status, 200);
  });

  it('stops fetching, and goes on with sessions', async (context) => {
    const mesh = await TestMesh.create(context);
    const full = await mesh.start('full', { args: FULL });
    const rich = await mesh.start('rich');
    await each(250, (i) => rich.client.put(payload(i)));
    await join2(full, rich);
    const status = () => full.client.status();
    await until(status, ({ refusing }) => refusing !== null);
    const sessions = new Set<string | undefined>();
    const after = (count: number) =>
      until(status, ({ peers }) => {
        sessions.add(peers[0]?.lastSession?.startedAt);
        return sessions.size > count;
      });
    // What was on its way when the set became full may still come.
    const before = await after(3);
    assert.ok(before.set.bytes <= 100_000);
    assert.equal(before.refusing?.code, 'SET_FULL');
    const later = await after(sessions.size + 6);
    const grown = later.transfer.receivedBytes - before.transfer.receivedBytes;
    // A single item is tried now and then, to see whether there is room again.
    assert.ok(grown <= 6 * ITEM_BYTES, `${grown} bytes more were fetched`);
    assert.equal(later.wanted, 250 - later.set.items);
    const { items } = JSON.parse((await full.client.send('GET', '/v1/items')).text);
    assert.equal(items.length, later.set.items);
    assert.equal((await full.client.send('GET', `/v1/items/${items[0].id}`)).status, 200);
  });
});
