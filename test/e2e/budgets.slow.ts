import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

const RATE = 1_000_000;
const SECONDS = 20;
const ITEMS = 2_000;
/** Enough for a pause in their midst. */
const FEWER_ITEMS = 800;
const ITEM_BYTES = 15_000;

/** Bytes over all connections, as the sockets see them. */
async function onTheWire({ client }: LocalDaemon, direction: 'received' | 'sent'): Promise<number> {
  const { text } = await client.send('GET', '/metrics');
  const name = `rangemesh_wire_bytes_total{protocol="connection",direction="${direction}"} `;
  const line = text.split('\n').find((each) => each.startsWith(name));
  return Number(line?.slice(name.length) ?? 0);
}

const received = (daemon: LocalDaemon) => onTheWire(daemon, 'received');
const sent = (daemon: LocalDaemon) => onTheWire(daemon, 'sent');

/** A node that lacks items of 15 kB each, and may have 1 MB of them a second, from two peers. */
async function catchingUp(daemons: LocalDaemons, items = ITEMS) {
  const full = await daemons.start('a');
  const payload = randomFillSync(new Uint8Array(items * ITEM_BYTES));
  await full.daemon.node.bulk.putMany(
    Array.from({ length: items }, (_, i) => ({
      hint: BigInt(i),
      payload: payload.subarray(i * ITEM_BYTES, (i + 1) * ITEM_BYTES),
    })),
  );
  const second = await daemons.start('b', { 'network.peers': [full.address] });
  await until(
    () => second.client.status(),
    ({ set }) => set.items === items,
  );
  const empty = await daemons.start('c', {
    'network.peers': [full.address, second.address],
    'budgets.downloadBytesPerSecond': `${RATE}`,
  });
  return { empty, full, second };
}

describe('a download budget of 1 MB a second', () => {
  it('is kept within a tenth over twenty seconds of a catch-up, while puts are answered at once', async (context) => {
    const { empty } = await catchingUp(await LocalDaemons.create(context));
    const begin = await received(empty);
    const began = performance.now();
    const puts: number[] = [];
    while (performance.now() - began < SECONDS * 1_000) {
      const at = performance.now();
      await empty.client.put(new TextEncoder().encode(`put ${puts.length}`));
      puts.push(performance.now() - at);
      await pause(500);
    }
    const perSecond = (1_000 * ((await received(empty)) - begin)) / (performance.now() - began);
    context.diagnostic(`${Math.round(perSecond)} bytes a second`);
    context.diagnostic(`puts took ${puts.map(Math.round).sort((a, b) => a - b)} ms`);
    assert.ok(Math.abs(perSecond / RATE - 1) < 0.1, `${Math.round(perSecond)} bytes a second`);
    puts.sort((a, b) => a - b);
    assert.ok(puts[puts.length >> 1]! < 100, `puts took ${puts.map(Math.round)} ms`);
  });

  it('leaves a pause its effect within two seconds, and resuming catches up to the end', async (context) => {
    const { empty } = await catchingUp(await LocalDaemons.create(context), FEWER_ITEMS);
    const { client, daemon } = empty;
    await until(
      () => client.status(),
      ({ set }) => set.items > 100,
    );
    await daemon.control.pause({ keep: false });
    await pause(2_000);
    const items = (await client.status()).set.items;
    const before = [await received(empty), await sent(empty)] as const;
    await pause(3_000);
    const came = (await received(empty)) - before[0];
    const went = (await sent(empty)) - before[1];
    assert.ok(came < 5_000, `${came} bytes came after the pause, more than pings`);
    assert.ok(went < 5_000, `${went} bytes went after the pause, more than pings`);
    assert.equal((await client.status()).set.items, items);
    await daemon.control.resume();
    await until(
      () => client.status(),
      ({ set, state }) => set.items === FEWER_ITEMS && state === 'in-sync',
      120_000,
    );
  });

  it('ends with a pause of the nodes that serve: they send no more within two seconds', async (context) => {
    const { empty, full, second } = await catchingUp(
      await LocalDaemons.create(context),
      FEWER_ITEMS,
    );
    await until(
      () => empty.client.status(),
      ({ set }) => set.items > 100,
    );
    // One pauses all peers, the other one pauses the one that asks.
    await full.daemon.control.pause({ keep: false });
    await second.daemon.control.pause({ peerId: empty.daemon.peerId, keep: false });
    await pause(2_000);
    const before = await Promise.all([sent(full), sent(second)]);
    await pause(3_000);
    for (const [i, server] of [full, second].entries()) {
      const bytes = (await sent(server)) - before[i]!;
      assert.ok(
        bytes < 5_000,
        `${server.name} sent ${bytes} bytes after its pause, more than pings`,
      );
    }
    assert.ok((await empty.client.status()).set.items < FEWER_ITEMS);
    await full.daemon.control.resume();
    await second.daemon.control.resume();
    await until(
      () => empty.client.status(),
      ({ set, state }) => set.items === FEWER_ITEMS && state === 'in-sync',
      120_000,
    );
  });
});
