import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LEAVES, parseSize } from '../../src/daemon/config/index.ts';
import { DEFAULT_FETCH_OPTIONS } from '../../src/protocol/options.ts';
import { LocalDaemons, type Settings } from './support/in-process.ts';

/** Keys that would keep the test from putting an item, or from running beside a daemon. */
const LEFT_OUT = ['admin.port', 'limits.minFreeBytes', 'limits.maxItems', 'limits.maxSetBytes'];

/** All numbers and sizes at one end of their ranges. */
function atTheEnd(end: 'least' | 'most'): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [section, keys] of LEAVES) {
    for (const [key, { expected }] of keys) {
      const [, least, most] =
        /^a (?:whole number|size) from (\S+) to (\S+?)(?:,|$)/.exec(expected) ?? [];
      const path = `${section}.${key}`;
      if (least === undefined || LEFT_OUT.includes(path)) continue;
      settings[path] = end === 'least' ? least : most!;
    }
  }
  return settings;
}

describe('a limit of the configuration', () => {
  it('goes up to the limit of the layer below, where that has one', () => {
    const most = atTheEnd('most');
    assert.equal(Number(most['fetch.batchItems']), DEFAULT_FETCH_OPTIONS.maxIdsPerRequest);
    // `MAX_INLINE_BYTES` of announcements.
    assert.equal(parseSize(most['push.inlineBytes']!), 32 * 1024);
  });
});

describe('a daemon with every limit of its configuration', () => {
  const starts = async (context: Parameters<typeof LocalDaemons.create>[0], settings: Settings) => {
    const daemons = await LocalDaemons.create(context);
    const { client } = await daemons.start('a', settings);
    const payload = new Uint8Array(
      parseSize(`${settings['limits.maxItemBytes']}`) === 1 ? 1 : 1_000,
    );
    const { id } = await client.put(payload);
    assert.equal((await client.send('GET', `/v1/items/${id}`)).status, 200);
    assert.equal((await client.status()).set.items, 1);
  };

  it('at its least starts, stores and serves an item', async (context) => {
    const least = atTheEnd('least');
    assert.ok(Object.keys(least).length > 30);
    await starts(context, { ...least, 'network.degree': '1' });
  });

  it('at its most starts, stores and serves an item', async (context) => {
    // `retention.maxBytes` of an open node takes times alone.
    const most = { ...atTheEnd('most'), 'hints.unit': 'milliseconds' };
    await starts(context, { ...most, 'network.degree': '1000' });
  });
});
