import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LocalDaemon, LocalDaemons } from '../../e2e/support/in-process.ts';
import { until } from '../../e2e/support/mesh.ts';

const ALONE = { 'network.discovery': 'false', 'scrub.itemsPerSecond': '0' };
const [NEAR, FAR] = [1n, 2n ** 60n];

const payload = (text: string) => new TextEncoder().encode(text);

/** Refusals that a node has counted, by place. */
async function refusals({ client }: LocalDaemon, code: string): Promise<Record<string, number>> {
  const { text } = await client.send('GET', '/metrics');
  const pattern = new RegExp(
    `rangemesh_refusals_total\\{at="(\\w+)",code="${code}"\\} (\\d+)`,
    'g',
  );
  return Object.fromEntries([...text.matchAll(pattern)].map(([, at, n]) => [at!, Number(n)]));
}

describe('a node that bounds hints', () => {
  it('takes no item from the future, put here or at a peer, and all others', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const free = await daemons.start('free', ALONE);
    await free.client.put(payload('far'), FAR);
    await free.client.put(payload('near'), NEAR);
    const strict = await daemons.start('strict', {
      ...ALONE,
      'hints.unit': 'milliseconds',
      'network.peers': [free.address],
    });
    const { client } = strict;
    await until(
      () => client.status(),
      ({ set }) => set.items === 1,
    );

    await free.client.put(payload('pushed from far'), FAR);
    await free.client.put(payload('pushed'), NEAR);
    await until(
      () => client.status(),
      ({ set }) => set.items === 2,
    );
    const counted = await until(
      () => refusals(strict, 'HINT_TOO_NEW'),
      ({ push }) => push !== undefined,
    );
    assert.equal(counted.push, 1);

    const single = await client.send('POST', `/v1/items?hint=${FAR}`, payload('own'));
    assert.deepEqual([single.status, JSON.parse(single.text).code], [422, 'HINT_TOO_NEW']);
    const own = await strict.daemon.node.bulk.putMany([
      { hint: FAR, payload: payload('a') },
      { hint: undefined, payload: payload('b') },
    ]);
    const seen = own.map((result) => (result instanceof Error ? result.code : result.created));
    assert.deepEqual(seen, ['HINT_TOO_NEW', true]);
    assert.equal((await client.status()).set.items, 3);
    assert.deepEqual((await client.status()).refusing, null, 'fetching goes on');
  });
});
