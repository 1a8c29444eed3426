import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Status } from '../../src/daemon/index.ts';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

const SETTINGS = { 'network.discovery': 'false', 'scrub.itemsPerSecond': '0' };
const ITEMS = 20;

function holds({ client }: LocalDaemon, items: number): Promise<Status> {
  return until(
    () => client.status(),
    ({ set }) => set.items === items,
  );
}

describe('a refused item', () => {
  it('leaves one node for good, and all others keep it', async (t) => {
    const daemons = await LocalDaemons.create(t);
    const a = await daemons.start('a', SETTINGS);
    let b = await daemons.start('b', { ...SETTINGS, 'network.peers': [a.address] });
    const c = await daemons.start('c', { ...SETTINGS, 'network.peers': [a.address, b.address] });
    const puts = Array.from({ length: ITEMS }, (_, i) =>
      a.client.put(new TextEncoder().encode(`item ${i}`), BigInt(i)),
    );
    const [first, second] = await Promise.all(puts);
    const unheld = 'ab'.repeat(32);
    for (const node of [a, b, c]) await holds(node, ITEMS);

    const ids = [first!.id, second!.id];
    const refuse = { ids: [...ids, unheld], reason: 'spam' };
    const answer = await b.client.send('POST', '/v1/refused', JSON.stringify(refuse));
    assert.deepEqual(JSON.parse(answer.text), { added: 3, dropped: 2 });
    await holds(b, ITEMS - 2);
    await b.client.sync();
    await a.client.sync();
    const { reason } = await until(
      () => b.client.status(),
      ({ state }) => state === 'in-sync',
    );
    assert.match(reason, /, but for 2 items refused here/);
    await until(
      () => a.client.status(),
      ({ state }) => state === 'in-sync',
    );
    const put = await b.client.send('POST', '/v1/items?hint=0', new TextEncoder().encode('item 0'));
    assert.deepEqual([put.status, JSON.parse(put.text).code], [422, 'ITEM_REFUSED']);
    await holds(b, ITEMS - 2);
    for (const node of [a, c]) await holds(node, ITEMS);

    const why = await b.client.send('GET', `/v1/items/${first!.id}/why`);
    const { state, refusal } = JSON.parse(why.text);
    assert.deepEqual([state, refusal.by, refusal.hint], ['refused', 'operator', '0']);

    await daemons.stop(b);
    b = await daemons.start('b', { ...SETTINGS, 'network.peers': [a.address] });
    const listed = await b.client.send('GET', '/v1/refused');
    const { counts, items } = JSON.parse(listed.text);
    assert.deepEqual(counts, { operator: 3, policy: 0 });
    assert.deepEqual(
      items.map(({ id }: { id: string }) => id),
      [...ids, unheld].sort(),
    );
    await b.client.sync();
    await holds(b, ITEMS - 2);

    await b.client.send('DELETE', '/v1/refused', JSON.stringify({ ids }));
    await holds(b, ITEMS);
  });
});
