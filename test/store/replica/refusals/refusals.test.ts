import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ItemKey,
  itemId,
  type NewItem,
  type Replica,
  verifyItem,
} from '../../../../src/store/index.ts';
import { encodeHead } from '../../../../src/store/replica/records/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { within } from '../../../support/within.ts';
import { idOf, KEYS, MemorySet } from '../in-memory.ts';
import { assertSound } from '../on-disk.ts';
import { coded, gateBatches, item, items } from '../support.ts';

const UNHELD = item(1_000);

function verified(one: NewItem) {
  return verifyItem({ ...one, id: itemId(one.hint, one.payload) });
}

function refuse(replica: Replica, ...of: readonly NewItem[]) {
  return replica.refusals.add(
    of.map((one) => ({ id: idOf(one) })),
    'spam',
  );
}

describe('a refused item', () => {
  it('cannot be put, and peers bring their other items', async (t) => {
    const set = await MemorySet.of(0);
    const replica = await set.open(t);
    assert.deepEqual(await refuse(replica, UNHELD), { added: 1, dropped: 0 });
    assert.ok(replica.refusals.has(idOf(UNHELD)));
    await assert.rejects(replica.put([item(1), UNHELD]), coded('ITEM_REFUSED'));
    assert.equal(replica.size, 0);
    const results = await replica.putVerified([verified(UNHELD), verified(item(1))]);
    assert.deepEqual(
      results.map(({ created }) => created),
      [false, true],
    );
    await assertSound(replica, [item(1)]);
  });

  it('leaves tree and write buffer, and listeners hear of it', async (t) => {
    const set = await MemorySet.of(40);
    const replica = await set.open(t);
    await replica.put([item(100), item(101)]);
    const dropped: ItemKey[] = [];
    replica.onDropped((keys) => dropped.push(...keys));
    const { version } = replica;
    const gone = [item(3), item(17), item(100), item(101)];
    assert.deepEqual(await refuse(replica, ...gone), { added: 4, dropped: 4 });
    assert.ok(replica.version > version);
    assert.deepEqual(
      dropped.map(({ hint }) => Number(hint)).sort((a, b) => a - b),
      [3, 17, 100, 101],
    );
    for (const one of gone) {
      assert.equal(replica.contains(idOf(one)), false);
      assert.equal(await replica.get(idOf(one)), undefined);
    }
    const left = items(40).filter(({ hint }) => hint !== 3n && hint !== 17n);
    await assertSound(replica, left);
    const fresh = await (await MemorySet.of(left)).open(t);
    assert.deepEqual(replica.status().fingerprint, fresh.status().fingerprint);
    assert.equal(replica.status().bytes, fresh.status().bytes);
  });

  it('is dropped once it is on disk if its put was under way', async (t) => {
    const set = await MemorySet.of(0);
    const replica = await set.open(t);
    const gate = gateBatches(set.database);
    cleanUp(t, gate.open);
    const queued = Promise.withResolvers<void>();
    const put = replica.put([item(5), item(6)], { queued: () => queued.resolve() });
    await queued.promise;
    const refused = refuse(replica, item(5));
    await Promise.resolve();
    await assert.rejects(
      within(replica.put([item(5)]), 'the refusal of a put', 3_000),
      coded('ITEM_REFUSED'),
    );
    gate.open();
    await put;
    assert.deepEqual(await refused, { added: 1, dropped: 1 });
    await assertSound(replica, [item(6)]);
  });

  it('counts once, keeps its first reason, and an operator stands above a policy', async (t) => {
    const set = await MemorySet.of(0);
    const replica = await set.open(t);
    const { refusals } = replica;
    const id = idOf(UNHELD);
    const hints = [1_000n, 1_000n];
    const add = (reason: string) =>
      refusals.add(
        hints.map((hint) => ({ id, hint })),
        reason,
      );
    const note = () =>
      refusals.note(hints.map((hint) => ({ id, hint, source: 'a', reason: 'too long' })));
    await note();
    assert.deepEqual(refusals.counts, { operator: 0, policy: 1 });
    assert.equal((await add('spam')).added, 0);
    assert.equal((await add('other')).added, 0);
    await note();
    assert.deepEqual(refusals.counts, { operator: 1, policy: 0 });
    const at = set.clock.now();
    const record = { id, at, by: 'operator', hint: 1_000n, reason: 'spam' };
    assert.deepEqual(refusals.get(id), record);
    assert.deepEqual(await refusals.list({ limit: 10 }), [record]);
  });

  it('has a reason of at most 256 bytes', async (t) => {
    const replica = await (await MemorySet.of(0)).open(t);
    const { refusals } = replica;
    await refusals.add([{ id: idOf(UNHELD) }], 'é'.repeat(128));
    assert.equal(refusals.get(idOf(UNHELD))?.reason, 'é'.repeat(128));
    const long = refusals.add([{ id: idOf(item(1)) }], `${'é'.repeat(128)}x`);
    await assert.rejects(long, coded('INVALID_INIT'));
  });

  it('is listed in the order of ids, in pages', async (t) => {
    const replica = await (await MemorySet.of(0)).open(t);
    const all = items(7);
    await refuse(replica, ...all);
    const hexOf = (id: Uint8Array) => Buffer.from(id).toString('hex');
    const wanted = all.map((one) => hexOf(idOf(one))).sort();
    const found: string[] = [];
    for (let after: Uint8Array | undefined; ; ) {
      const page = await replica.refusals.list({ after, limit: 3 });
      found.push(...page.map(({ id }) => hexOf(id)));
      after = page.at(-1)?.id;
      if (page.length < 3) break;
    }
    assert.deepEqual(found, wanted);
  });
});

describe('refusals outlive', () => {
  it('a restart', async (t) => {
    const set = await MemorySet.of(20);
    const first = await set.open(t);
    await refuse(first, item(3), UNHELD);
    await first.close();
    const second = await set.open(t);
    assert.deepEqual(second.refusals.counts, { operator: 2, policy: 0 });
    await assert.rejects(second.put([item(3)]), coded('ITEM_REFUSED'));
    await assertSound(
      second,
      items(20).filter(({ hint }) => hint !== 3n),
    );
  });

  it('a lost index, which keeps its epoch', async (t) => {
    const set = await MemorySet.of(20);
    const first = await set.open(t);
    await refuse(first, item(3), UNHELD);
    const { epoch } = first;
    await first.close();
    await set.database.open();
    await set.database.del(KEYS.tree.meta);
    await set.database.close();
    const second = await set.open(t);
    await second.ready();
    assert.equal(second.epoch, epoch);
    await assert.rejects(second.put([item(3)]), coded('ITEM_REFUSED'));
    await assertSound(
      second,
      items(20).filter(({ hint }) => hint !== 3n),
    );
  });

  it('a repair that brings the item back: it is dropped again', async (t) => {
    const set = await MemorySet.of(20);
    const first = await set.open(t);
    await refuse(first, item(3));
    await first.close();
    const { hint, payload } = item(3);
    const id = idOf(item(3));
    await set.database.open();
    await set.database.put(KEYS.item({ hint, id }), payload);
    await set.database.put(KEYS.id(id), encodeHead({ hint, bytes: 20, seq: 4 }));
    await set.database.del(KEYS.tree.meta);
    await set.database.close();
    const second = await set.open(t);
    const gone = Promise.withResolvers<void>();
    second.onDropped(() => gone.resolve());
    await second.ready();
    await within(gone.promise, 'the drop of a refused item', 3_000);
    await assertSound(
      second,
      items(20).filter((one) => one.hint !== 3n),
    );
  });

  it('damage of their records, which keep the id out', async (t) => {
    const set = await MemorySet.of(20);
    const first = await set.open(t);
    await refuse(first, item(3));
    await first.close();
    await set.database.open();
    await set.database.put(KEYS.refused(idOf(item(3))), new Uint8Array(5));
    await set.database.close();
    const second = await set.open(t);
    assert.ok(second.refusals.has(idOf(item(3))));
    assert.equal(await second.refusals.remove([idOf(item(3))]), 1);
    await second.put([item(3)]);
    await assertSound(second, items(20));
  });
});

describe('an item that is let in again', () => {
  it('is taken like any other if it was never held', async (t) => {
    const set = await MemorySet.of(0);
    const replica = await set.open(t);
    await refuse(replica, UNHELD);
    const id = idOf(UNHELD);
    assert.equal(await replica.refusals.remove([id, id, idOf(item(1))]), 1);
    assert.equal(replica.refusals.has(id), false);
    assert.deepEqual(await replica.refusals.list({ limit: 10 }), []);
    await replica.put([UNHELD]);
    await assertSound(replica, [UNHELD]);
    assert.equal(await set.database.get(KEYS.refused(id)), undefined);
  });

  it('gets its old place, and the feed is silent about it until it is back', async (t) => {
    const set = await MemorySet.of(20);
    let replica = await set.open(t);
    const id = idOf(item(3));
    const listed = async (): Promise<number[]> => {
      const { entries } = await replica.arrivals(0, { limit: 100 });
      return entries.map(({ seq }) => seq);
    };
    const before = await replica.arrivalOf(id);
    await refuse(replica, item(3));
    assert.equal((await listed()).includes(before!.seq), false);
    // Twice in a row.
    for (let round = 0; round < 2; round++) {
      await replica.refusals.remove([id]);
      assert.equal((await listed()).length, 19);
      assert.equal((await replica.verify()).ok, true);
      await replica.close();
      replica = await set.open(t);
      await refuse(replica, item(3));
    }
    await replica.refusals.remove([id]);
    await replica.putVerified([verified(item(3))], { source: 'peer' });
    assert.deepEqual(await replica.arrivalOf(id), before);
    assert.equal(replica.lastArrival, 20);
    assert.equal((await listed()).length, 20);
    await assertSound(replica, items(20));
    assert.equal(await set.database.get(KEYS.refused(id)), undefined);
  });
});
