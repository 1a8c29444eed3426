import assert from 'node:assert/strict';
import { chmod, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SCHEMA_VERSION } from '../../src/store/replica/records/index.ts';
import { LocalDaemons } from './support/in-process.ts';

/**
 * Each was written by a daemon of its schema: 200 items came from a peer, two were put there. Later versions must
 * open all. Never edit one; a new schema takes a new folder beside them.
 */
const WRITTEN = [
  {
    schema: 3,
    peerId: '12D3KooWFd8wTdfatrfbdB5yv7fXR1omXgd4g7kgtZQ7jX3uxcfU',
    source: '12D3KooWAnLJAzdWQfLYs26kZidR1YwA5svhMrx8H4jkbV5eLBek',
    fingerprint: '24cce25c41fff5078dd69b96a5d854f97153f2a74b1b79e7ade3be57236ae6dc',
  },
  {
    schema: 4,
    peerId: '12D3KooWA6t22At7vywoAYsDd6GQsvphQPh9T2aMvN7m3nbgYJy9',
    source: '12D3KooWEmaPJzZBpGPoHdH7WMegzri3jGAYDhdYFumqd5GCAn3G',
    fingerprint: '8d428bc4ca4f234a518003954b04aff7f072f043831b14ccd9f59e10b3e236e6',
  },
];

describe('a kept data directory', () => {
  it('is there of the schema that is written now', () => {
    assert.equal(WRITTEN.at(-1)?.schema, SCHEMA_VERSION);
  });

  for (const { schema, peerId, source, fingerprint } of WRITTEN) {
    it(`keeps identity, items and order of arrival when a copy is started: schema ${schema}`, async (t) => {
      const daemons = await LocalDaemons.create(t);
      const directory = daemons.path('moved');
      const kept = new URL(`../fixtures/data-directory-${schema}/`, import.meta.url);
      await cp(kept, directory, { recursive: true });
      // Version control keeps no modes.
      for (const secret of ['identity.key', 'admin.token'])
        await chmod(join(directory, secret), 0o600);
      const { daemon, client } = await daemons.start('moved', { 'network.discovery': 'false' });
      const status = await client.status();
      assert.deepEqual(
        [status.peerId, status.set.items, status.set.fingerprint],
        [peerId, 202, fingerprint],
      );
      assert.deepEqual([status.incidents, status.quarantined], [[], 0]);
      const { items } = JSON.parse((await client.send('GET', '/v1/items?from=7&to=8')).text);
      const { text } = await client.send('GET', `/v1/items/${items[0].id}`);
      assert.equal(text, 'item 7');
      const why = await daemon.node.why(Buffer.from(items[0].id, 'hex'));
      assert.ok(why.state === 'have' && why.arrival !== null);
      assert.equal(why.arrival.source, source);
      const next = await daemon.node.put(new TextEncoder().encode('here'), 2_000n);
      const put = await daemon.node.why(next.id);
      assert.ok(put.state === 'have');
      assert.deepEqual([put.arrival?.seq, put.arrival?.source], [203, 'local']);
    });
  }
});
