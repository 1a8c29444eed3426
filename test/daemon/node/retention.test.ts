import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LocalDaemons } from '../../e2e/support/in-process.ts';
import { until } from '../../e2e/support/mesh.ts';

const ALONE = { 'network.discovery': 'false', 'scrub.itemsPerSecond': '0' };

const payload = (text: string) => new TextEncoder().encode(text);

describe('a daemon with a floor', () => {
  it('takes and shows nothing below it, and is in sync with a peer that keeps more', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const rich = await daemons.start('rich', ALONE);
    for (const hint of [1n, 2n, 3n, 4n]) await rich.client.put(payload(`${hint}`), hint);
    const first = await daemons.start('poor', ALONE);
    const held = await first.client.put(payload('held'), 1n);
    await daemons.stop(first);
    const poor = await daemons.start('poor', {
      ...ALONE,
      'retention.minHint': '3',
      'network.peers': [rich.address],
    });
    const { client } = poor;
    await until(
      () => client.status(),
      ({ state, set }) => state === 'in-sync' && set.items === 3,
    );
    await until(
      () => rich.client.status(),
      ({ state }) => state === 'in-sync',
    );

    const { status, text } = await client.send('POST', '/v1/items?hint=2', payload('old'));
    assert.deepEqual([status, JSON.parse(text).code], [422, 'HINT_TOO_OLD']);
    const list = JSON.parse((await client.send('GET', '/v1/items')).text);
    assert.deepEqual(
      list.items.map(({ hint }: { hint: string }) => hint),
      ['3', '4'],
    );
    const exported = (await client.send('GET', '/v1/export')).text;
    assert.equal(JSON.parse(exported.split('\n')[0]!).header.items, 2);
    assert.equal((await client.send('GET', `/v1/items/${held.id}`)).status, 200, 'for a minute');
    assert.equal((await rich.client.status()).set.items, 4, 'nothing below is offered');

    const { retention, refused } = await client.status();
    assert.deepEqual(
      [retention.floor, retention.goal, retention.left, retention.waits, refused],
      ['3', '3', 1, null, 0],
    );
    const metrics = (await client.send('GET', '/metrics')).text;
    assert.match(metrics, /^rangemesh_retention_floor 3$/m);
    assert.doesNotMatch(metrics, /at="fetch",code="HINT_TOO_OLD"/);
    const confirmed = await client.send('POST', '/v1/retention/confirm');
    assert.equal(JSON.parse(confirmed.text).floor, '3');
  });
});
