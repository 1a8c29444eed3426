import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

const RATE = 1_000_000;
const SECONDS = 20;
const ITEMS = 2_000;
const ITEM_BYTES = 15_000;

/** Bytes that have come over all connections, as the sockets see them. */
async function received({ client }: LocalDaemon): Promise<number> {
  const { text } = await client.send('GET', '/metrics');
  const line = /^rangemesh_wire_bytes_total\{protocol="connection",direction="received"\} (\d+)/m;
  return Number(line.exec(text)?.[1] ?? 0);
}

/** A node that lacks 30 MB and may have 1 MB of them a second, from two peers. */
async function catchingUp(daemons: LocalDaemons) {
  const full = await daemons.start('a');
  const payload = randomFillSync(new Uint8Array(ITEMS * ITEM_BYTES));
  await full.daemon.node.bulk.putMany(
    Array.from({ length: ITEMS }, (_, i) => ({
      hint: BigInt(i),
      payload: payload.subarray(i * ITEM_BYTES, (i + 1) * ITEM_BYTES),
    })),
  );
  const second = await daemons.start('b', { 'network.peers': [full.address] });
  await until(
    () => second.client.status(),
    ({ set }) => set.items === ITEMS,
  );
  const empty = await daemons.start('c', {
    'network.peers': [full.address, second.address],
    'budgets.downloadBytesPerSecond': `${RATE}`,
  });
  return empty;
}

describe('a download budget of 1 MB a second', () => {
  it('is kept within a tenth over twenty seconds of a catch-up, while puts are answered at once', async (context) => {
    const empty = await catchingUp(await LocalDaemons.create(context));
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

  it('leaves a pause its effect within two seconds, and resuming goes on', async (context) => {
    const empty = await catchingUp(await LocalDaemons.create(context));
    const { client, daemon } = empty;
    await until(
      () => client.status(),
      ({ set }) => set.items > 100,
    );
    await daemon.control.pause({ keep: false });
    await pause(2_000);
    const [before, items] = [await received(empty), (await client.status()).set.items];
    await pause(3_000);
    const bytes = (await received(empty)) - before;
    assert.ok(bytes < 5_000, `${bytes} bytes came after the pause, more than pings`);
    assert.equal((await client.status()).set.items, items);
    await daemon.control.resume();
    await until(
      () => client.status(),
      ({ set }) => set.items > items + 50,
    );
  });
});
