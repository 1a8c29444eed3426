import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newRecord, RecordError, seal } from '../../../../src/store/level/index.ts';
import { ArrivalRecord, LoggedArrivals } from '../../../../src/store/replica/records/index.ts';

const ID = new Uint8Array(32).fill(7);
const LAST_HINT = 2n ** 64n - 2n;

function recordOf(entries: number): Uint8Array {
  const record = new ArrivalRecord({ commit: 9, at: 12.7, entries, sources: ['a', 'bé'] });
  for (let i = 0; i < entries; i++) record.add({ hint: LAST_HINT, id: ID }, i, i % 3);
  return record.sealed();
}

describe('a record of arrivals', () => {
  it('gives back commit, time, and its entries with their sources', () => {
    const found = new LoggedArrivals(recordOf(4));
    assert.deepEqual([found.commit, found.at, found.length], [9, 12, 4]);
    const items = Array.from({ length: 4 }, (_, i) => found.item(i));
    assert.deepEqual(
      items.map(({ bytes, source }) => [bytes, source]),
      [
        [0, null],
        [1, 'a'],
        [2, 'bé'],
        [3, null],
      ],
    );
    assert.ok(items.every(({ hint, id }) => hint === LAST_HINT && Buffer.compare(id, ID) === 0));
  });

  it('is read where it does not begin at a multiple of eight', () => {
    const moved = new Uint8Array(1_000).subarray(3);
    const record = recordOf(2);
    moved.set(record);
    assert.equal(new LoggedArrivals(moved.subarray(0, record.length)).item(1).bytes, 1);
  });

  it('holds 4,096 entries and no more', () => {
    assert.equal(new LoggedArrivals(recordOf(4_096)).length, 4_096);
    assert.throws(() => new LoggedArrivals(recordOf(4_097)), RecordError);
    assert.throws(() => new LoggedArrivals(recordOf(0)), RecordError);
  });

  it('is refused when it is damaged, cut short, or names a source that it has not', () => {
    const record = recordOf(3);
    for (let at = 0; at < record.length; at += 5) {
      const flipped = Uint8Array.from(record);
      flipped[at]! ^= 1;
      if (at < 1 || at > 3) assert.throws(() => new LoggedArrivals(flipped), RecordError);
    }
    assert.throws(() => new LoggedArrivals(record.slice(0, -46)), RecordError);
    assert.throws(() => new LoggedArrivals(seal(newRecord({ level: 0, entries: 0 }, 23))), /short/);
    const wide = seal(newRecord({ level: 0, entries: 0 }, 24 + 46));
    wide[24] = 200;
    assert.throws(() => new LoggedArrivals(seal(wide)), /wrong length/);
    const table = seal(newRecord({ level: 0, entries: 0 }, 24 + 2 + 46));
    table[24] = 2;
    table[32] = 9;
    assert.throws(() => new LoggedArrivals(seal(table)), /table of sources/);
    const one = new ArrivalRecord({ commit: 1, at: 0, entries: 1, sources: ['a'] });
    one.add({ hint: 1n, id: ID }, 1, 2);
    assert.throws(() => new LoggedArrivals(one.sealed()).item(0), /source that it does not have/);
  });
});
