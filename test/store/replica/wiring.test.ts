import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  type Database,
  itemId,
  lthash,
  Replica,
  type ReplicaInit,
  verifyItem,
} from '../../../src/store/index.ts';
import { setKeys } from '../../../src/store/replica/records/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { coded, item, items } from './support.ts';

describe('a replica as a whole', () => {
  it('refuses everything once it is closed', async (t) => {
    const { replica } = await open(t);
    await replica.put([item(1)]);
    await replica.close();
    const { hint, payload } = item(1);
    const id = itemId(hint, payload);
    const asked: (() => unknown)[] = [
      () => replica.put([item(2)]),
      () => replica.putVerified([verifyItem({ hint, id, payload })]),
      () => replica.get(id),
      () => replica.serve([id], { maxItemBytes: 100, maxBytes: 100 }),
      () => replica.serveKeys([{ hint, id }], { maxItemBytes: 100, maxBytes: 100 }),
      () => replica.head(id),
      () => replica.contains(id),
      () => replica.list(),
      () => replica.snapshot(),
      () => replica.markRefilled(),
      () => replica.verify(),
    ];
    for (const ask of asked) {
      await assert.rejects(async () => ask(), coded('STORE_CLOSED'), String(ask));
    }
  });

  it('counts its items and bytes in its status', async (t) => {
    const { replica } = await open(t);
    const empty = replica.status();
    assert.deepEqual(
      [empty.items, empty.bytes, empty.buffered, empty.commit, empty.quarantined],
      [0, 0, 0, 0, 0],
    );
    assert.deepEqual([empty.refusing, empty.rebuilding, empty.needsRefill], [null, null, false]);
    await replica.put(items(3));
    const full = replica.status();
    assert.deepEqual([full.items, full.bytes, full.buffered, full.commit], [3, 60, 3, 1]);
    assert.notDeepEqual(full.fingerprint, empty.fingerprint, 'the digest is of the set as it is');
    assert.deepEqual([replica.size, replica.indexed], [3, true]);
  });

  it('reports an empty buffer and no digest during a rebuild', async (t) => {
    const database = memoryDatabase();
    const index = { bufferItems: 2, leafItems: 2, fanout: 2 };
    const { replica: first } = await open(t, { database, index });
    await first.put(items(3));
    // The buffer is merged behind the put, so that there is a tree.
    for (let turn = 0; turn < 100 && first.status().commit < 2; turn++) await settle();
    assert.equal(first.status().buffered, 0);
    await database.del(setKeys('set').tree.meta);
    await first.close();
    const { replica } = await open(t, { database, index });
    assert.equal(replica.indexed, false);
    const { buffered, fingerprint, items: held } = replica.status();
    assert.deepEqual([buffered, fingerprint, held], [0, null, 3]);
    assert.equal(replica.refusing?.code, 'STORE_REBUILDING');
  });

  it('keeps the given fingerprint scheme, and LtHash by default', async (t) => {
    const { replica } = await open(t);
    assert.equal(replica.snapshot().scheme, lthash);
  });

  it('is refused while its set is open through another object, or a function', async (t) => {
    const root = memoryDatabase();
    const encoding = { keyEncoding: 'view', valueEncoding: 'view' } as const;
    const part = (name: string) =>
      root.sublevel<Uint8Array, Uint8Array>(name, encoding) as unknown as Database;
    const { replica: first } = await open(t, { database: part('a') });
    const again: Partial<ReplicaInit>[] = [
      { database: part('a') },
      { open: async () => part('a') },
    ];
    for (const init of again) {
      await assert.rejects(open(t, init), { code: 'STORE_IN_USE' });
    }
    await open(t, { database: part('b') });
    await open(t, { database: part('a'), name: 'other' });
    await first.put([item(1)]);
    await first.close();
    const { replica } = await open(t, { open: async () => part('a') });
    assert.equal(replica.size, 1);
  });

  it('is refused while its set is open in the database, which stays open', async (t) => {
    const database = memoryDatabase();
    const { replica: first } = await open(t, { database });
    await assert.rejects(open(t, { database }), { code: 'STORE_IN_USE' });
    await first.put([item(1)]);
    await first.close();
    const { replica: again } = await open(t, { database });
    assert.equal(again.size, 1);
  });

  it('holds several sets in one database by their names', async (t) => {
    const database = memoryDatabase();
    const { replica: one } = await open(t, { database, name: 'one' });
    await one.put([item(1)]);
    const { replica: other } = await open(t, { database, name: 'other' });
    assert.deepEqual([one.size, other.size], [1, 0]);
    const { hint, payload } = item(1);
    assert.equal(other.contains(itemId(hint, payload)), false);
  });

  it('applies each given limit, and defaults for the others', async (t) => {
    const { replica } = await open(t, { limits: { maxItemBytes: 30 } });
    await assert.rejects(replica.put([item(1, 31)]), coded('ITEM_TOO_LARGE'));
    await replica.put([item(1, 30)]);
  });

  it('increments its version with each commit, before it calls its listeners', async (t) => {
    const { replica } = await open(t);
    const before = replica.version;
    const versions: number[] = [];
    replica.onCommit(() => versions.push(replica.version));
    for (const one of items(3)) await replica.put([one]);
    assert.deepEqual(versions, [before + 1, before + 2, before + 3]);
  });

  it('reads the free space when it is opened, before anything is put', async (t) => {
    const { disk } = await open(t);
    assert.equal(disk.asked, 1);
  });

  it('gives back the snapshot that a list is read from', async (t) => {
    const { replica } = await open(t);
    await replica.put(items(3));
    let released = 0;
    const take = replica.snapshot.bind(replica);
    replica.snapshot = () => {
      const snapshot = take();
      const release = snapshot.release.bind(snapshot);
      snapshot.release = () => {
        released++;
        release();
      };
      return snapshot;
    };
    assert.equal((await replica.list()).length, 3);
    await assert.rejects(replica.list({ limit: 0 }));
    assert.equal(released, 2, 'also when it cannot be listed');
  });
});

async function open(
  t: TestContext,
  init: Partial<ReplicaInit> = {},
): Promise<{ replica: Replica; disk: FakeDisk }> {
  const disk = new FakeDisk();
  const { database = memoryDatabase(), ...rest } = init;
  await database.open();
  const replica = await Replica.open({ database, clock: new VirtualClock(), disk, ...rest });
  t.after(() => replica.close());
  return { replica, disk };
}
