import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WrittenCommit } from '../../../src/store/index.ts';
import { countingScheme } from '../../support/counting-scheme.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { MemorySet } from './in-memory.ts';
import { coded, item, items, tapBatches } from './support.ts';

describe('the figures of a replica', () => {
  it('agree with the status, and sum nothing up', async (t) => {
    const set = new MemorySet();
    const { scheme, ids, combined } = countingScheme(wideSum);
    const replica = await set.open(t, { scheme, limits: { minFreeBytes: 7 } });
    await replica.put(items(5));
    await replica.refusals.add([{ id: new Uint8Array(32) }], '');
    const work = ids() + combined();
    const figures = replica.figures();
    assert.equal(ids() + combined(), work);
    const { fingerprint, incidents, ...rest } = replica.status();
    const { incidentCounts, cache, freeBytes, minFreeBytes, refused, ...same } = figures;
    assert.deepEqual(same, rest);
    assert.ok(freeBytes < set.disk.free && freeBytes > set.disk.free - 10_000, 'put bytes count');
    assert.equal(minFreeBytes, 7);
    assert.deepEqual(refused, { operator: 1, policy: 0 });
  });

  it('count the tree nodes that were in the cache', async (t) => {
    const set = await MemorySet.of(100);
    const replica = await set.open(t);
    const walk = async () => {
      const before = replica.figures().cache;
      await replica.list({ limit: 100 });
      const { hits, misses } = replica.figures().cache;
      return { hits: hits - before.hits, misses: misses - before.misses };
    };
    assert.ok((await walk()).misses > 10);
    const again = await walk();
    assert.equal(again.misses, 0);
    assert.ok(again.hits > 10);
  });

  it('count incidents by code', async (t) => {
    const set = await MemorySet.of(3);
    const replica = await set.open(t, {
      witness: { read: async () => 99, write: () => undefined },
    });
    assert.deepEqual([...replica.figures().incidentCounts], [['COMMITS_LOST', 1]]);
  });
});

describe('onWritten', () => {
  it('tells of each commit with its time and bytes, and of none that failed', async (t) => {
    const set = new MemorySet();
    const written: WrittenCommit[] = [];
    let failing = false;
    tapBatches(set.database, async (_operations, write) => {
      await set.clock.advance(3);
      if (failing) throw new Error('no room');
      await write();
    });
    const replica = await set.open(t, { onWritten: (commit) => written.push(commit) });
    await replica.put([item(1)]);
    await replica.put([item(2, 1_000)]);
    assert.deepEqual(
      written.map(({ durationMs }) => durationMs),
      [3, 3],
    );
    assert.ok(written[1]!.bytes - written[0]!.bytes === 980);
    failing = true;
    await assert.rejects(replica.put([item(3)]), coded('STORE_WRITE_FAILED'));
    assert.equal(written.length, 2);
  });
});
