import assert from 'node:assert/strict';
import { chmod, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LocalDaemons } from './support/in-process.ts';

/**
 * Written by a daemon of schema 3: 200 items came from a peer, two were put there. Later versions must open
 * it. Never edit it; a new schema takes a new folder beside it.
 */
const FIXTURE = new URL('../fixtures/data-directory-3/', import.meta.url);
const PEER_ID = '12D3KooWFd8wTdfatrfbdB5yv7fXR1omXgd4g7kgtZQ7jX3uxcfU';
const SOURCE = '12D3KooWAnLJAzdWQfLYs26kZidR1YwA5svhMrx8H4jkbV5eLBek';
const FINGERPRINT = '24cce25c41fff5078dd69b96a5d854f97153f2a74b1b79e7ade3be57236ae6dc';

describe('a data directory of an earlier version', () => {
  it('keeps its identity, its items and their order of arrival when it is copied and started', async (t) => {
    const daemons = await LocalDaemons.create(t);
    const directory = daemons.path('moved');
    await cp(FIXTURE, directory, { recursive: true });
    // Version control keeps no modes.
    for (const secret of ['identity.key', 'admin.token'])
      await chmod(join(directory, secret), 0o600);
    const { daemon, client } = await daemons.start('moved', { 'network.discovery': 'false' });
    const { peerId, set, incidents, quarantined } = await client.status();
    assert.deepEqual(
      [peerId, set.items, set.fingerprint, incidents, quarantined],
      [PEER_ID, 202, FINGERPRINT, [], 0],
    );
    const { items } = JSON.parse((await client.send('GET', '/v1/items?from=7&to=8')).text);
    const { text } = await client.send('GET', `/v1/items/${items[0].id}`);
    assert.equal(text, 'item 7');
    const why = await daemon.node.why(Buffer.from(items[0].id, 'hex'));
    assert.ok(why.state === 'have' && why.arrival !== null);
    assert.equal(why.arrival.source, SOURCE);
    const next = await daemon.node.put(new TextEncoder().encode('here'), 2_000n);
    const put = await daemon.node.why(next.id);
    assert.ok(put.state === 'have');
    assert.deepEqual([put.arrival?.seq, put.arrival?.source], [203, 'local']);
  });
});
