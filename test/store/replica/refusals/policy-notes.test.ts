import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NewItem, Replica } from '../../../../src/store/index.ts';
import { seal } from '../../../../src/store/level/index.ts';
import { encodeRefused } from '../../../../src/store/replica/records/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { idOf, KEYS, MemorySet } from '../in-memory.ts';
import { assertSound } from '../on-disk.ts';
import { gateBatches, item, items } from '../support.ts';

/** As records of policies were written before refusals had sources. */
function unmarked(record: Uint8Array): Uint8Array {
  const older = record.slice();
  older[32] = 2;
  return seal(older);
}

function note({ refusals }: Replica, one: NewItem, ...sources: readonly string[]) {
  const { hint } = one;
  return refusals.note(
    sources.map((source) => ({ id: idOf(one), hint, source, reason: `no ${source}` })),
  );
}

describe('an item that a policy refuses', () => {
  it('of one source comes from any other, and its record goes with the put', async (t) => {
    const set = await MemorySet.of(0);
    const replica = await set.open(t);
    const { refusals } = replica;
    const id = idOf(item(1));
    await note(replica, item(1), 'x');
    assert.deepEqual([refusals.hasFrom('x', id), refusals.hasFrom('y', id)], [true, false]);
    assert.equal(refusals.has(id), false);
    assert.equal(refusals.get(id)?.reason, 'no x');
    await replica.put([item(1)]);
    assert.deepEqual([refusals.hasFrom('x', id), refusals.get(id)], [false, undefined]);
    assert.deepEqual(await set.database.keys(KEYS.refusedItems).all(), []);
    await assertSound(replica, [item(1)]);
  });

  it('stays where it is held, or on its way to the disk', async (t) => {
    const set = await MemorySet.of(3);
    const replica = await set.open(t);
    const gate = gateBatches(set.database);
    cleanUp(t, gate.open);
    const queued = Promise.withResolvers<void>();
    const put = replica.put([item(8)], { queued: () => queued.resolve() });
    await queued.promise;
    const notes = Promise.all([note(replica, item(1), 'x'), note(replica, item(8), 'x')]);
    gate.open();
    await Promise.all([put, notes]);
    assert.deepEqual(replica.refusals.counts, { operator: 0, policy: 0 });
    assert.deepEqual(await set.database.keys(KEYS.refusedItems).all(), []);
    await assertSound(replica, [...items(3), item(8)]);
  });

  it('keeps its last eight sources, also over a restart', async (t) => {
    const set = await MemorySet.of(0);
    const first = await set.open(t);
    const sources = Array.from({ length: 9 }, (_, i) => `peer ${i}`);
    await note(first, item(1), ...sources.slice(0, 5));
    await note(first, item(1), ...sources.slice(4));
    await first.close();
    const replica = await set.open(t);
    const id = idOf(item(1));
    const known = sources.filter((source) => replica.refusals.hasFrom(source, id));
    assert.deepEqual(known, sources.slice(1));
    assert.equal(await replica.refusals.remove([id]), 1);
    assert.equal(replica.refusals.hasFrom(sources[8]!, id), false);
  });

  it('of an older record without sources may come again, at its place if it was held', async (t) => {
    const set = await MemorySet.of(5);
    const first = await set.open(t);
    const { seq } = (await first.arrivalOf(idOf(item(2))))!;
    await first.refusals.add([{ id: idOf(item(2)) }], '');
    await first.close();
    await set.database.open();
    for (const [number, place] of [
      [2, seq],
      [9, null],
    ] as const) {
      const { hint } = item(number);
      const record = encodeRefused({
        ...{ at: 1, by: 'operator', hint, seq: place, reason: '', marks: [] },
      });
      await set.database.put(KEYS.refused(idOf(item(number))), unmarked(record));
    }
    await set.database.close();
    const replica = await set.open(t);
    assert.deepEqual(replica.refusals.counts, { operator: 0, policy: 0 });
    assert.deepEqual(await replica.refusals.list({ limit: 10 }), []);
    await replica.put([item(2), item(9)]);
    assert.equal((await replica.arrivalOf(idOf(item(2))))?.seq, seq);
    assert.deepEqual(await set.database.keys(KEYS.refusedItems).all(), []);
    await assertSound(replica, [...items(5), item(9)]);
  });
});
