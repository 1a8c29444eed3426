import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
});
