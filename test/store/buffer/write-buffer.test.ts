import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WriteBuffer } from '../../../src/store/buffer/index.ts';
import { compareKeys, equalBytes, type ItemKey, itemId, lthash } from '../../../src/store/index.ts';
import { countingScheme } from '../../support/counting-scheme.ts';

/** Most ids that a fingerprint is to sum, as in `DurableSet`. */
const UNSUMMED = 16_384;

describe('WriteBuffer', () => {
  it('leaves no more work to the next fingerprint than announced, summing a little with every batch', () => {
    const { scheme, ids: summed } = countingScheme(lthash);
    let buffer = WriteBuffer.empty({ scheme });
    let most = 0;
    for (const batch of scattered(80, 1_000)) {
      buffer = buffer.insert(batch);
      if (buffer.unsummed >= UNSUMMED) buffer = buffer.sumSome();
      most = Math.max(most, buffer.unsummed);
    }
    assert.ok(most < 2.5 * UNSUMMED, `${most} ids unsummed`);
    const before = summed();
    const state = buffer.fingerprint(0, buffer.size);
    const asked = summed() - before;
    // A part that was cut in two has lost its sum, so its ids count once more.
    assert.ok(asked <= 3 * buffer.unsummed, `summed ${asked}, said ${buffer.unsummed}`);
    const expected = lthash.empty();
    lthash.add(expected, buffer.ids(0, buffer.size));
    assert.ok(equalBytes(state, expected));
  });

  it('shares pending keys with its ancestors, and keeps its own additions to itself', () => {
    const batches = scattered(12, 3);
    const grown = (from: WriteBuffer, some: readonly ItemKey[][]): WriteBuffer =>
      some.reduce((buffer, batch) => buffer.insert(batch), from);
    const stem = grown(WriteBuffer.empty({ scheme: lthash }), batches.slice(0, 4));
    const forks = [batches.slice(4, 7), batches.slice(7, 12), []].map((some) => grown(stem, some));
    const expected = [batches.slice(0, 7), [...batches.slice(0, 4), ...batches.slice(7)]];
    for (const [i, parts] of [...expected, batches.slice(0, 4)].entries()) {
      const keys = parts.flat().sort(compareKeys);
      assert.equal(forks[i]!.size, keys.length);
      assert.deepEqual([...forks[i]!.keys(0, keys.length)], keys);
    }
  });

  it('inserts pending keys a piece at a time', () => {
    let buffer = WriteBuffer.empty({ scheme: lthash });
    for (const batch of scattered(60, 500)) buffer = buffer.insert(batch);
    assert.equal(buffer.size, 30_000);
    const keys = [...buffer.keys(0, buffer.size)];
    assert.deepEqual(keys, [...keys].sort(compareKeys));
    assert.equal(keys.length, 30_000);
  });
});

/** Batches of keys that fall all over the key space, each ascending. */
function scattered(batches: number, size: number): ItemKey[][] {
  const payload = new Uint8Array(8);
  return Array.from({ length: batches }, (_, batch) =>
    Array.from({ length: size }, (_, i): ItemKey => {
      const number = batch * size + i;
      new DataView(payload.buffer).setUint32(0, number);
      const hint = BigInt((number * 2_654_435_761) % 1_000_003);
      return { hint, id: itemId(hint, payload) };
    }).sort(compareKeys),
  );
}
