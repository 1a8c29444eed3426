import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INFINITE_HINT, itemId, verifyItem } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { codes, flip, flipItem, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { coded, item, items } from '../support.ts';
import { heldHints, numbers, ofHints, pruneAll } from './support.ts';

/** Each look at it takes 8 ms. */
class HurriedClock extends VirtualClock {
  #ms = 0;

  override monotonic(): number {
    this.#ms += 8;
    return this.#ms;
  }
}

describe('the floor of a set', () => {
  it('only rises, and is there after a restart with the time that was believed last', async (t) => {
    const set = await MemorySet.of(10);
    const replica = await set.open(t);
    assert.deepEqual([replica.retention.floor, replica.retention.believedAt], [0n, 0]);
    await replica.retention.raise(2n, 70);
    for (const floor of [4n, 3n]) await replica.retention.raise(floor);
    for (const floor of [3n, 4n]) await replica.retention.raise(floor, 80);
    assert.deepEqual([replica.retention.floor, replica.retention.believedAt], [4n, 70]);
    await replica.retention.believe(90.5);
    const at = 90;
    assert.deepEqual([replica.retention.floor, replica.retention.believedAt], [4n, at]);
    assert.equal(replica.retention.progress.left, 4);
    await replica.close();
    const { retention } = await set.open(t);
    assert.deepEqual([retention.floor, retention.believedAt], [4n, at]);
    for (const hint of [-1n, INFINITE_HINT + 1n, 4]) {
      await assert.rejects(retention.raise(hint as bigint), coded('INVALID_HINT'));
      await assert.rejects(retention.prune(hint as bigint, 1), coded('INVALID_HINT'));
    }
  });

  it('keeps lower items out, by either way of putting', async (t) => {
    const replica = await (await MemorySet.of(10)).open(t);
    await replica.retention.raise(4n);
    const [old, young] = [item(3, 21), item(4, 21)];
    const proved = [old, young].map((one) => verifyItem({ ...one, id: idOf(one) }));
    await assert.rejects(replica.put([old]), coded('HINT_TOO_OLD'));
    await assert.rejects(replica.putVerified([proved[0]!]), coded('HINT_TOO_OLD'));
    await assert.rejects(replica.put([young, old]), coded('HINT_TOO_OLD'));
    assert.equal(replica.size, 10);
    await replica.putVerified([proved[1]!]);
    assert.equal(replica.size, 11);
  });

  it('hides lower items from lists and from the feed while they are still held and served', async (t) => {
    const replica = await (await MemorySet.of(10)).open(t);
    await replica.retention.raise(4n);
    const listed = await replica.list({ from: 2n, limit: 3 });
    assert.deepEqual(
      listed.map(({ hint }) => Number(hint)),
      [4, 5, 6],
    );
    const { entries } = await replica.arrivals(0, { limit: 2 });
    assert.deepEqual(
      entries.map(({ hint }) => Number(hint)),
      [4, 5],
    );
    assert.deepEqual(heldHints(replica), numbers(0, 10));
    assert.equal((await replica.get(idOf(item(1))))?.hint, 1n);
  });

  it('keeps the believed time of a set without a floor where the state is lost', async (t) => {
    const set = await MemorySet.of(3);
    const replica = await set.open(t);
    await replica.retention.believe(77);
    await replica.close();
    await set.database.open();
    await set.database.del(KEYS.state);
    await set.database.close();
    const again = await set.open(t);
    await again.ready();
    assert.deepEqual([again.retention.floor, again.retention.believedAt], [0n, 77]);
  });

  it('survives a lost state, a lost copy and a rebuild', async (t) => {
    for (const lose of [
      [KEYS.state],
      [KEYS.floor],
      [KEYS.tree.meta],
      [KEYS.state, KEYS.tree.meta],
    ]) {
      const set = await MemorySet.of(10);
      const replica = await set.open(t);
      await pruneAll(replica, 4n);
      await replica.close();
      await set.database.open();
      for (const key of lose) await set.database.del(key);
      await set.database.close();
      const reopened = await set.open(t);
      await reopened.ready();
      assert.equal(reopened.retention.floor, 4n);
      assert.deepEqual(heldHints(reopened), numbers(4, 10));
      assert.equal((await reopened.verify()).ok, true);
      await reopened.close();
    }
  });

  it('is that of the state where the copy is damaged, which the next rebuild writes again', async (t) => {
    const set = await MemorySet.of(10);
    const replica = await set.open(t);
    await replica.retention.raise(4n);
    await replica.close();
    await set.database.open();
    await flip(set.database, KEYS.floor);
    await set.database.del(KEYS.tree.meta);
    await set.database.close();
    const rebuilt = await set.open(t);
    await rebuilt.ready();
    await rebuilt.close();
    await set.database.open();
    await set.database.del(KEYS.state);
    await set.database.close();
    const reopened = await set.open(t);
    await reopened.ready();
    assert.equal(reopened.retention.floor, 4n);
  });
});

describe('pruning', () => {
  it('removes the lowest items below bound and floor, with their bytes, and says how far it is', async (t) => {
    const set = await MemorySet.of(20);
    const replica = await set.open(t);
    const { version } = replica;
    const { retention } = replica;
    assert.equal(await retention.prune(10n, 5), 0, 'there is no floor');
    await retention.raise(12n);
    assert.equal(await retention.prune(10n, 7), 7);
    assert.deepEqual(retention.progress, { removedItems: 7, removedBytes: 140, left: 3 });
    assert.equal(await retention.prune(10n, 7), 3);
    assert.equal(await retention.prune(10n, 7), 0);
    assert.deepEqual(heldHints(replica), numbers(10, 20));
    assert.equal(await retention.prune(100n, 7), 2, 'none from the floor on');
    assert.equal(await retention.prune(100n, 7), 0);
    assert.deepEqual(heldHints(replica), numbers(12, 20));
    const { items: held, bytes } = replica.status();
    assert.deepEqual([held, bytes], [8, 160]);
    assert.equal(replica.version, version, 'sessions compare the same items as before');
    assert.equal(await replica.get(idOf(item(3))), undefined);
    assert.deepEqual(await replica.serve([idOf(item(3))], { maxItemBytes: 99, maxBytes: 99 }), [
      undefined,
    ]);
    for (const gone of [KEYS.id(idOf(item(3))), KEYS.item({ hint: 3n, id: idOf(item(3)) })]) {
      assert.equal(await set.database.get(gone), undefined);
    }
  });

  it('leaves a fingerprint like that of a set which never held the items', async (t) => {
    const [pruned, fresh] = await Promise.all([
      (await MemorySet.of(60)).open(t),
      (await MemorySet.of(items(60).slice(25))).open(t),
    ]);
    assert.notDeepEqual(pruned.status().fingerprint, fresh.status().fingerprint);
    await pruneAll(pruned, 25n, 7);
    assert.deepEqual(pruned.status().fingerprint, fresh.status().fingerprint);
  });

  it('removes fewer at a time where a commit took long', async (t) => {
    const clock = new HurriedClock();
    const replica = await (await MemorySet.of(900)).open(t, { clock });
    const over = async <Result>(work: Promise<Result>): Promise<Result> => {
      let ended = false;
      const end = work.finally(() => {
        ended = true;
      });
      while (!ended) await clock.advance(1);
      return end;
    };
    await over(replica.retention.raise(900n));
    assert.equal(await over(replica.retention.prune(900n, 300)), 300);
    const slower = await over(replica.retention.prune(900n, 300));
    assert.ok(slower > 0 && slower < 300, `${slower} items`);
  });

  it('keeps the epoch over a rebuild, and leaves the places of the rest', async (t) => {
    const set = await MemorySet.of(30);
    const replica = await set.open(t);
    await pruneAll(replica, 11n);
    const { epoch } = replica;
    assert.equal((await replica.verify()).ok, true);
    await replica.close();
    await set.database.open();
    await flip(set.database, KEYS.tree.meta);
    await set.database.close();
    const rebuilt = await set.open(t);
    await rebuilt.ready();
    assert.deepEqual([rebuilt.epoch, rebuilt.size], [epoch, 19]);
    assert.equal((await rebuilt.arrivalOf(idOf(item(11))))?.seq, 12);
    assert.equal((await rebuilt.verify()).ok, true);
  });

  it('lets a snapshot go on that was taken before', async (t) => {
    const replica = await (await MemorySet.of(40)).open(t);
    const snapshot = replica.snapshot();
    const before = snapshot.fingerprint(0, 40);
    await pruneAll(replica, 33n);
    assert.deepEqual(
      [...snapshot.keys(0, 40)].map(({ hint }) => Number(hint)),
      numbers(0, 40),
    );
    assert.deepEqual(snapshot.fingerprint(0, 40), before);
    assert.equal(snapshot.contains(idOf(item(3))), true);
    snapshot.release();
    assert.deepEqual(heldHints(replica), numbers(33, 40));
  });

  it('counts the payload of an item whose id record is damaged, and leaves the record of another item', async (t) => {
    const [broken, strayed, taken] = [item(2, 30), item(3, 50), item(4, 60)];
    const held = [...items(2), broken, strayed, taken, ...items(20).slice(5)];
    const set = await MemorySet.of(held, async (database) => {
      await database.put(KEYS.id(idOf(broken)), new Uint8Array(3));
      await flip(database, KEYS.id(idOf(strayed)), 6);
      await flip(database, KEYS.id(idOf(taken)), 6);
      await database.put(KEYS.item({ hint: 4n + 1024n, id: idOf(taken) }), new Uint8Array(1));
    });
    const replica = await set.open(t);
    await pruneAll(replica, 10n);
    const { items: left, bytes } = replica.status();
    assert.deepEqual([left, bytes], [10, 200]);
    for (const gone of [broken, strayed]) {
      assert.equal(await set.database.get(KEYS.id(idOf(gone))), undefined);
    }
    assert.notEqual(await set.database.get(KEYS.id(idOf(taken))), undefined);
  });

  it('reads again where an item has left meanwhile', async (t) => {
    const set = await MemorySet.of(10);
    const replica = await set.open(t);
    await replica.retention.raise(8n);
    const one = item(2);
    await flip(set.database, KEYS.item({ hint: 2n, id: idOf(one) }));
    const pruned = replica.retention.prune(8n, 4);
    const [read] = await Promise.allSettled([replica.get(idOf(one)), pruned]);
    assert.equal(read.status, 'rejected', 'it is put aside');
    assert.equal(await pruned, 4);
    assert.deepEqual(heldHints(replica), numbers(5, 10));
    assert.equal(replica.status().bytes, 100);
  });

  it('makes an item absent for a reader that has found its id record already', async (t) => {
    const set = await MemorySet.of(10);
    const replica = await set.open(t);
    await replica.retention.raise(5n);
    const read = set.database.getSync.bind(set.database);
    let hidden = 1;
    const hide = (key: Uint8Array, options: object): unknown => {
      const isPayload = key[4] === KEYS.items.gte[4];
      return isPayload && hidden-- > 0 ? undefined : read(key, options as never);
    };
    Object.assign(set.database, { getSync: hide });
    assert.equal(await replica.get(idOf(item(3))), undefined);
    hidden = 1;
    await assert.rejects(
      replica.get(idOf(item(5))),
      coded('STORE_CORRUPT'),
      'not so from the floor on',
    );
  });

  it('forgets damaged items below the floor that were put aside, and no others', async (t) => {
    const set = await MemorySet.of(10);
    const replica = await set.open(t);
    for (const one of [item(2), item(5), item(6)]) {
      await flipItem(set.database, one);
      await assert.rejects(replica.get(idOf(one)), coded('STORE_CORRUPT'));
    }
    await flip(set.database, KEYS.quarantine(idOf(item(6))));
    await replica.close();
    const reopened = await set.open(t);
    await pruneAll(reopened, 5n);
    assert.equal(reopened.status().quarantined, 2);
    assert.equal(await set.database.get(KEYS.quarantine(idOf(item(2)))), undefined);
    await pruneAll(reopened, 9n);
    assert.equal(reopened.status().quarantined, 1, 'that of which the hint is not known');
    assert.equal((await reopened.verify()).ok, true);
    await reopened.close();
    assert.equal((await set.open(t)).status().quarantined, 1);
  });

  it('forgets what a policy refused below the floor, and keeps the word of an operator', async (t) => {
    const set = await ofHints(1, 2, 3, 8);
    const replica = await set.open(t);
    const { refusals } = replica;
    const keyOf = (hint: number) => ({ id: idOf(item(hint)), hint: BigInt(hint) });
    const note = (...hints: number[]) =>
      refusals.note(hints.map((hint) => ({ ...keyOf(hint), source: 'a', reason: '' })));
    await refusals.add([keyOf(2), keyOf(3)], '');
    await refusals.remove([idOf(item(3))]);
    await note(4, 9);
    await pruneAll(replica, 5n);
    assert.deepEqual(refusals.counts, { operator: 1, policy: 1 });
    assert.equal((await set.database.keys(KEYS.refusedItems).all()).length, 2);
    assert.equal((await replica.verify()).ok, true);
    await replica.close();
    const reopened = await set.open(t);
    const kept = [1, 2, 3, 4, 9].filter((hint) => reopened.refusals.hasFrom('a', idOf(item(hint))));
    assert.deepEqual([kept, codes(reopened)], [[2, 9], []]);
  });

  it('says nothing of a set that is closed', async (t) => {
    const replica = await (await MemorySet.of(10)).open(t);
    const { retention } = replica;
    await retention.raise(5n);
    const pruning = retention.prune(5n, 5);
    await replica.close();
    await pruning.catch(coded('STORE_CLOSED'));
    await assert.rejects(retention.prune(5n, 5));
    assert.throws(() => replica.retention, coded('STORE_CLOSED'));
  });

  it('lets an item of the past in again under a later hint', async (t) => {
    const replica = await (await MemorySet.of(10)).open(t);
    await pruneAll(replica, 5n);
    const { payload } = item(1);
    await replica.put([{ hint: 7n, payload }]);
    assert.equal((await replica.get(itemId(7n, payload)))?.hint, 7n);
  });
});
