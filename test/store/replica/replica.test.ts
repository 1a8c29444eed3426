import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bytesToHex,
  INFINITE_HINT,
  type Item,
  type ItemKey,
  itemId,
  lthashReference,
  MAX_LIST_LIMIT,
  openDatabase,
  verifyItem,
} from '../../../src/store/index.ts';
import { settle } from '../../support/clock.ts';
import { coded, gateBatches, item, items, openReplica, temporaryDirectory } from './support.ts';

interface Range {
  readonly gte: Uint8Array;
}

describe('replica', () => {
  it('includes in a snapshot every id that it counts, from the first moment on', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    for (const next of items(5)) {
      let done = false;
      const put = replica.put([next]).then(([result]) => {
        done = true;
        return result!.id;
      });
      const id = itemId(next.hint, next.payload);
      for (let turn = 0; !done; turn++) {
        const snapshot = replica.snapshot();
        assert.equal(snapshot.contains(id), snapshot.size === Number(next.hint) + 1, `${turn}`);
        snapshot.release();
        await (turn % 100 === 99 ? new Promise((resolve) => setImmediate(resolve)) : null);
      }
      assert.deepEqual(await put, id);
    }
    const last = replica.snapshot();
    last.release();
    assert.throws(() => last.contains(new Uint8Array(32)));
  });

  it('stores, answers and lists', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    const payload = new Uint8Array([1, 2, 3]);
    const [result] = await replica.put([{ hint: 7n, payload }]);
    const id = itemId(7n, payload);
    assert.deepEqual(result, { hint: 7n, id, created: true });
    assert.deepEqual(await replica.get(id), { hint: 7n, id, payload });
    assert.deepEqual(await replica.head(id), { hint: 7n, bytes: 3 });
    assert.ok(replica.contains(id));
    assert.deepEqual(await replica.list(), [{ hint: 7n, id }]);
    const absent = new Uint8Array(32);
    assert.equal(await replica.get(absent), undefined);
    assert.equal(await replica.head(absent), undefined);
    const { items: count, bytes, refusing } = replica.status();
    assert.deepEqual({ count, bytes, refusing }, { count: 1, bytes: 3, refusing: null });
  });

  it('serves the held items of the first requested ids, as far as they fit', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    const sizes = [3, 100, 5, 40, 40];
    const results = await replica.put(
      sizes.map((size, i) => ({ hint: BigInt(i), payload: new Uint8Array(size).fill(i) })),
    );
    const [three, long, five, forty, last] = results.map(({ id }) => id) as [
      Uint8Array,
      ...Uint8Array[],
    ];
    const absent = new Uint8Array(32);
    const asked = [three, absent, long!, five!, forty!, last!];
    const limits = { maxItemBytes: 50, maxBytes: 60 };
    const served = await replica.serve(asked, limits);
    const told = served.map((one) => (one && 'payload' in one ? one.payload.length : one));
    assert.deepEqual(told, [3, undefined, { length: 100 }, 5, 40]);
    assert.deepEqual(served[0], { hint: 0n, id: three, payload: new Uint8Array(3) });
    const large = await replica.serve([forty!, last!], { maxItemBytes: 50, maxBytes: 10 });
    assert.equal(large.length, 1, 'at least one');
    assert.deepEqual(await replica.serve([], limits), []);
  });

  it('stores a payload of no bytes, and one of the largest size', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory, { limits: { maxItemBytes: 1 << 20 } });
    const payloads = [new Uint8Array(0), new Uint8Array(1 << 20).fill(7)];
    const results = await replica.put(payloads.map((payload) => ({ hint: 1n, payload })));
    await replica.close();
    const again = await openReplica(t, directory);
    for (const [i, { id }] of results.entries()) {
      assert.deepEqual((await again.get(id))?.payload, payloads[i]);
    }
  });

  it('holds the same items after reopening', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await openReplica(t, directory, { scheme: lthashReference });
    await first.put(items(200));
    await first.put(items(300));
    const before = first.status();
    const keys = await first.list({ limit: 1000 });
    await first.close();
    const second = await openReplica(t, directory, { scheme: lthashReference });
    assert.deepEqual(second.status(), before);
    assert.deepEqual(await second.list({ limit: 1000 }), keys);
    assert.equal(before.items, 300);
    assert.equal(before.bytes, 300 * 20);
    assert.deepEqual((await second.put(items(1)))[0]?.created, false);
  });

  it('opens without reading items, ids or nodes', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await openReplica(t, directory);
    await first.put(items(50));
    await first.close();
    const database = await openDatabase(directory);
    const ranges: string[] = [];
    const iterate = database.iterator.bind(database) as unknown as (range: Range) => never;
    database.iterator = ((range: Range) => {
      ranges.push(new TextDecoder().decode(range.gte.subarray(0, 5)));
      return iterate(range);
    }) as never;
    const second = await openReplica(t, directory, { database });
    assert.equal(second.status().items, 50);
    assert.deepEqual(ranges, ['set/l', 'set/a', 'set/q', 'set/r']);
  });

  it('counts the same items from 64 concurrent clients once', async (t) => {
    const directory = await temporaryDirectory(t);
    const database = await openDatabase(directory);
    const { batches, open } = gateBatches(database);
    open();
    const replica = await openReplica(t, directory, { database });
    const schemaBatches = batches.length;
    const clients = Array.from({ length: 64 }, () =>
      Promise.all(items(200).map((one) => replica.put([one]))),
    );
    const created = (await Promise.all(clients)).flat(2).filter((result) => result.created);
    assert.equal(created.length, 200);
    assert.equal(replica.status().items, 200);
    assert.equal(replica.snapshot().size, 200);
    const commits = batches.slice(schemaBatches);
    assert.ok(commits.length <= 20, `${commits.length} commits for 12,800 puts`);
    assert.equal(
      commits.reduce((sum, size) => sum + size, 0),
      200,
      'one record of each payload',
    );
  });

  it('counts an id once that stands twice in one call', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    const results = await replica.put([item(1), item(2), item(1)]);
    const next = await replica.put([item(3), item(3)]);
    assert.deepEqual(
      [...results, ...next].map((result) => result.created),
      [true, true, false, true, false],
    );
    assert.equal(replica.status().items, 3);
  });

  it('refuses hints out of range, and items that do not hash to their id, whole calls at a time', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    const good = verifyItem({ ...item(1), id: itemId(1n, item(1).payload) });
    const payload = new Uint8Array(1);
    const putWith = async (item: Item): Promise<unknown> =>
      replica.putVerified([good, verifyItem(item)]);
    await assert.rejects(
      replica.put([item(1), { hint: INFINITE_HINT, payload }]),
      coded('INVALID_HINT'),
    );
    await assert.rejects(putWith({ ...good, hint: 2n }), coded('ID_MISMATCH'));
    await assert.rejects(putWith({ ...good, payload }), coded('ID_MISMATCH'));
    await assert.rejects(putWith({ ...good, id: new Uint8Array(31) }), coded('INVALID_ID'));
    assert.equal(replica.status().items, 0);
    assert.equal((await replica.putVerified([good]))[0]?.created, true);
    assert.equal((await replica.put([item(1)]))[0]?.created, false);
  });

  it('takes only items that verifyItem has made as verified', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    const good = verifyItem({ ...item(1), id: itemId(1n, item(1).payload) });
    const copies = [
      { ...good },
      { ...good, hint: 2n },
      Object.assign(Object.create(Object.getPrototypeOf(good)), good),
    ];
    for (const copy of copies) {
      await assert.rejects(replica.putVerified([good, copy]), coded('ID_UNPROVED'));
    }
    const Made = Object.getPrototypeOf(good).constructor;
    assert.throws(() => new Made({ ...good, hint: 2n }), coded('ID_UNPROVED'));
    assert.equal(replica.status().items, 0);
  });

  it('shows no item, and answers no caller, before the commit is on disk', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory);
    await replica.close();
    const database = await openDatabase(directory);
    const gate = gateBatches(database);
    const again = await openReplica(t, directory, { database });
    const answered: string[] = [];
    const own = again.put([item(1)]).then(() => answered.push('own'));
    const duplicate = again.put([item(1)]).then(() => answered.push('duplicate'));
    await settle();
    const id = itemId(1n, item(1).payload);
    assert.equal(gate.batches.length, 1);
    assert.deepEqual(answered, []);
    assert.equal(again.contains(id), false);
    assert.equal(await again.get(id), undefined);
    assert.equal(again.snapshot().size, 0);
    assert.equal(again.status().items, 0);
    gate.open();
    await Promise.all([own, duplicate]);
    assert.deepEqual(answered.sort(), ['duplicate', 'own']);
    assert.ok(again.contains(id));
  });

  it('gives its listeners the keys that each commit added', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    const added: ItemKey[] = [];
    const versions: number[] = [replica.version];
    const unsubscribe = replica.onCommit((keys) => {
      added.push(...keys);
      versions.push(replica.version);
      assert.ok(keys.every((key) => replica.contains(key.id)));
    });
    replica.onCommit(() => {
      throw new Error('a listener of this test fails');
    });
    await replica.put(items(3));
    await replica.put(items(3));
    await replica.put([item(9)]);
    unsubscribe();
    await replica.put([item(10)]);
    assert.deepEqual(
      added.map((key) => key.hint),
      [0n, 1n, 2n, 9n],
    );
    assert.deepEqual(versions, [1, 2, 3]);
    assert.equal(replica.version, 4);
  });

  it('lists a hint range page by page', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    await replica.put(items(2500));
    const hints: bigint[] = [];
    const all = await replica.list({ limit: MAX_LIST_LIMIT });
    assert.equal(all.length, 2_500, 'no page is cut short');
    const tooMany = replica.list({ limit: MAX_LIST_LIMIT + 1 });
    await assert.rejects(tooMany, coded('INVALID_LIMIT'));
    let page = await replica.list({ from: 10n, to: 2_110n, limit: 1_000 });
    assert.equal(page.length, 1_000);
    while (page.length > 0) {
      hints.push(...page.map((key) => key.hint));
      page = await replica.list({ from: 10n, to: 2_110n, limit: 700, after: page.at(-1)! });
    }
    assert.deepEqual(
      hints,
      Array.from({ length: 2100 }, (_, i) => BigInt(i + 10)),
    );
    const between = { hint: 5n, id: new Uint8Array(32).fill(255) };
    assert.equal((await replica.list({ after: between, limit: 1 }))[0]?.hint, 6n);
    assert.deepEqual(await replica.list({ from: 20n, to: 10n }), []);
    assert.equal((await replica.list()).length, 100);
    await assert.rejects(replica.list({ limit: 0 }), coded('INVALID_LIMIT'));
    await assert.rejects(replica.list({ from: -1n }), coded('INVALID_BOUND'));
    await assert.rejects(replica.list({ to: 2n ** 64n }), coded('INVALID_BOUND'));
  });

  it('finds held ids by their first digits, in order and no more than asked for', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    await replica.put(items(300));
    const ids = (await replica.list({ limit: 300 })).map(({ id }) => bytesToHex(id)).sort();
    const found = async (prefix: string, limit = 300) =>
      (await replica.idsWith(prefix, limit)).map(bytesToHex);
    for (const prefix of [
      '0',
      'f',
      ids[7]!.slice(0, 3),
      ids[8]!.slice(0, 8).toUpperCase(),
      ids[9]!,
    ]) {
      const expected = ids.filter((id) => id.startsWith(prefix.toLowerCase()));
      assert.deepEqual(await found(prefix), expected, prefix);
      assert.deepEqual(await found(prefix, 2), expected.slice(0, 2), prefix);
    }
    for (const prefix of ['', 'g', '0'.repeat(65)]) {
      await assert.rejects(replica.idsWith(prefix, 1), coded('INVALID_ID'));
    }
  });

  it('finishes queued puts when it is closed, and refuses later ones', async (t) => {
    const directory = await temporaryDirectory(t);
    const replica = await openReplica(t, directory, { limits: { maxQueuedItems: 2 } });
    const puts = items(50).map((one) => replica.put([one]));
    const closed = replica.close();
    assert.equal(closed, replica.close());
    await assert.rejects(replica.put([item(99)]), coded('STORE_CLOSED'));
    await closed;
    assert.equal((await Promise.all(puts)).flat().filter((result) => result.created).length, 50);
    assert.throws(() => replica.snapshot(), coded('STORE_CLOSED'));
    await assert.rejects(replica.get(new Uint8Array(32)), coded('STORE_CLOSED'));
    const again = await openReplica(t, directory);
    assert.equal(again.status().items, 50);
    assert.equal(again.status().refusing, null);
  });
});
