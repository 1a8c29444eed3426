import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { within } from '../support/within.ts';
import { LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

const payload = (i: number) => new TextEncoder().encode(`item ${i}`);

describe('a pause of replication', () => {
  it('stops push and sessions in both directions, and resuming brings everything', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const a = await daemons.start('a');
    const b = await daemons.start('b', { 'network.peers': [a.address] });
    await until(
      () => b.client.status(),
      ({ state }) => state === 'in-sync',
    );
    await a.daemon.control.pause({ keep: false });
    await a.client.put(payload(1));
    await b.client.put(payload(2));
    const calls = { '/v1/sync': '{}', '/v1/diff': JSON.stringify({ peerId: b.daemon.peerId }) };
    for (const [path, body] of Object.entries(calls)) {
      const { status, text } = await a.client.send('POST', path, body);
      assert.deepEqual([path, status, JSON.parse(text).code], [path, 409, 'PAUSED']);
    }
    const [theirs] = await b.daemon.node.sync();
    assert.notEqual(theirs?.error ?? null, null, 'the paused node answers no session');
    const compared = JSON.stringify({ peerId: a.daemon.peerId });
    const refused = await b.client.send('POST', '/v1/diff', compared);
    const { code, message } = JSON.parse(refused.text);
    assert.equal(code, 'STREAM_FAILED');
    assert.match(message, /an operator may have paused replication there/);
    const status = await a.client.status();
    assert.deepEqual([status.state, status.set.items, status.paused.all], ['paused', 1, true]);
    assert.equal((await b.client.status()).set.items, 1);
    await a.daemon.control.resume();
    for (const { client } of [a, b]) {
      await until(
        () => client.status(),
        ({ set }) => set.items === 2,
      );
    }
    await until(
      () => a.client.status(),
      ({ state }) => state === 'in-sync',
    );
    await a.client.put(payload(3));
    const { push } = await until(
      () => b.client.status(),
      ({ set }) => set.items === 3,
    );
    assert.ok(push!.received >= 1, 'new items are pushed again');
  });

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

describe('a copied data directory', () => {
  it('does not go on while its original runs, and does when that has ended', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const original = await daemons.start('a');
    const { address } = original;
    await daemons.stop(original);
    await cp(daemons.path('a'), daemons.path('copy'), { recursive: true });
    const listen = { 'network.listen': [address.replace(/\/p2p\/.*$/, '')] };
    const running = await daemons.start('a', listen);
    // One list may serve all nodes: this one names the node itself.
    const copy = await daemons.start('copy', { 'network.peers': [address] });
    const reason = await within(copy.daemon.failed, 'the copy finds its original');
    assert.deepEqual([reason.code, reason.exitCode], ['SAME_IDENTITY', 75]);
    await daemons.stop(copy);
    await daemons.stop(running);
    const alone = await daemons.start('copy', { 'network.peers': [address] });
    assert.equal((await alone.client.status()).state, 'alone');
  });

  it('does not go on where only a third node is connected with both, and a restart does', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const off = { 'network.discovery': 'false', 'network.mdns': 'false' };
    const third = await daemons.start('third', off);
    const settings = { ...off, 'network.peers': [third.address] };
    const original = await daemons.start('a', settings);
    await daemons.stop(original);
    await cp(daemons.path('a'), daemons.path('copy'), { recursive: true });
    const again = await daemons.start('a', settings);
    let ended = false;
    void again.daemon.failed.then(() => {
      ended = true;
    });
    for (let round = 0; round < 2; round++) {
      await until(
        () => third.client.status(),
        ({ peers }) =>
          peers.some(({ peerId, connected }) => peerId === again.daemon.peerId && connected),
      );
      const copy = await daemons.start('copy', settings);
      const reason = await within(copy.daemon.failed, 'the copy meets its original');
      assert.deepEqual([reason.code, reason.exitCode], ['SAME_IDENTITY', 75]);
      assert.match(reason.message, new RegExp(`connected with peer ${third.daemon.peerId}`));
      await daemons.stop(copy);
    }
    assert.equal(ended, false, 'the original goes on');
  });
});
