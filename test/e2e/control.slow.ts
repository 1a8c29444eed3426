import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

const payload = (i: number) => new TextEncoder().encode(`item ${i}`);

describe('a pause of replication', () => {
  it('of one peer leaves the other peers alone', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const off = { 'network.discovery': 'false' };
    const a = await daemons.start('a', off);
    const b = await daemons.start('b', { ...off, 'network.peers': [a.address] });
    const c = await daemons.start('c', { ...off, 'network.peers': [a.address] });
    await until(
      () => a.client.status(),
      ({ state, peers }) => state === 'in-sync' && peers.length === 2,
    );
    const peerId = b.daemon.peerId;
    const mistyped = `${peerId.slice(0, -1)}${peerId.endsWith('a') ? 'b' : 'a'}`;
    const unknown = a.daemon.control.pause({ peerId: mistyped, keep: false });
    await assert.rejects(unknown, { code: 'UNKNOWN_PEER' });
    await a.daemon.control.pause({ peerId, keep: false });
    await b.client.put(payload(1));
    await c.client.put(payload(2));
    await until(
      () => a.client.status(),
      ({ set }) => set.items === 1,
    );
    const { state, reason } = await a.client.status();
    assert.equal(state, 'paused');
    assert.match(reason, /with 1 of 2 connected peers/);
    await a.daemon.control.resume(peerId);
    for (const { client } of [a, b, c]) {
      await until(
        () => client.status(),
        ({ set }) => set.items === 2,
      );
    }
  });

  it('of one peer sends it no announcements, nor the short items within them', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const off = { 'network.discovery': 'false' };
    const a = await daemons.start('a', off);
    const b = await daemons.start('b', { ...off, 'network.peers': [a.address] });
    const c = await daemons.start('c', { ...off, 'network.peers': [a.address] });
    // A session brings the first items: gossip begins some seconds after the connection.
    let items = 0;
    for (const { client } of [b, c]) {
      await until(
        async () => {
          await a.client.put(payload(items++));
          return client.status();
        },
        ({ push }) => push !== null && push.messages > 0,
      );
    }
    const held = items;
    await until(
      () => b.client.status(),
      ({ set }) => set.items === held,
    );
    const { push: before } = await b.client.status();
    await a.daemon.control.pause({ peerId: b.daemon.peerId, keep: false });
    for (; items < held + 20; items++) {
      await a.client.put(payload(items));
      // Announced alone, since the next put waits for its arrival at the other peer.
      await until(
        () => c.client.status(),
        ({ set }) => set.items === items + 1,
      );
    }
    const { set, push } = await b.client.status();
    assert.deepEqual([set.items, push!.messages - before!.messages], [held, 0]);
    await a.daemon.control.resume(b.daemon.peerId);
    await until(
      () => b.client.status(),
      ({ set }) => set.items === items,
    );
  });

  it('that is kept outlives a restart, from the first connection on', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const a = await daemons.start('a');
    const settings = { 'network.peers': [a.address] };
    const first = await daemons.start('b', settings);
    await first.daemon.control.pause({ keep: true });
    await daemons.stop(first);
    await a.client.put(payload(1));
    const again = await daemons.start('b', settings);
    await until(
      () => again.client.status(),
      ({ peers }) => peers.some(({ connected }) => connected),
    );
    const { state, set, paused } = await again.client.status();
    assert.deepEqual([state, set.items, paused.kept.all], ['paused', 0, true]);
    await again.daemon.control.resume();
    await until(
      () => again.client.status(),
      ({ set }) => set.items === 1,
    );
    await daemons.stop(again);
    const last = await daemons.start('b', settings);
    assert.equal((await last.client.status()).paused.all, false);
  });
});
