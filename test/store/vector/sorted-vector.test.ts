import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { blake3 } from '@noble/hashes/blake3.js';
import {
  bytesToHex,
  concatBytes,
  type ItemKey,
  lthashReference,
  SortedVector,
} from '../../../src/store/index.ts';
import { storageConformance } from '../../conformance/storage.ts';
import { countingScheme } from '../../support/counting-scheme.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { belowOutside } from '../tree/support.ts';

storageConformance('sorted vector', (init) => new SortedVector(init));
storageConformance(
  'sorted vector, tiny chunks',
  (init) => new SortedVector({ ...init, chunkItems: 2, groupChunks: 2 }),
);
storageConformance(
  'sub-range of a sorted vector',
  (init) => belowOutside(new SortedVector({ ...init, chunkItems: 5, groupChunks: 3 })),
  { runs: 30 },
);
storageConformance(
  'sorted vector, odd chunks',
  (init) => new SortedVector({ ...init, chunkItems: 5, groupChunks: 3 }),
);

describe('sorted vector', () => {
  it('agrees with the range fingerprints of the reference', async () => {
    const path = new URL('../../vectors/commonware.json', import.meta.url);
    const { range_fingerprints: section } = JSON.parse(await readFile(path, 'utf8'));
    const vector = new SortedVector({ scheme: lthashReference });
    vector.insert(Array.from({ length: 5000 }, (_, i) => referenceItem(i)));
    const snapshot = vector.snapshot();
    for (const { start, end, fingerprint } of section.cases) {
      const state = snapshot.fingerprint(start, end);
      const digest = lthashReference.digest(state, end - start);
      assert.equal(bytesToHex(digest), fingerprint, `[${start}, ${end})`);
    }
  });

  it('expands an id once, however many snapshots and ranges ask', () => {
    const counted = countingScheme(wideSum);
    const vector = new SortedVector({ scheme: counted.scheme, chunkItems: 64 });
    vector.insert(Array.from({ length: 64_000 }, (_, i) => referenceItem(i, 'n')));
    vector.snapshot().fingerprint(0, vector.size);
    assert.equal(counted.ids(), 64_000);
    for (let i = 0; i < 10; i++) vector.snapshot().fingerprint(0, vector.size);
    assert.equal(counted.ids(), 64_000);
    vector.snapshot().fingerprint(100, 60_033);
    assert.ok(counted.ids() <= 64_000 + 64, 'at most half a chunk at either end');
    assert.ok(counted.combined() <= 1_000 + 16 + 2 * 64 + 16, 'groups stand for their chunks');
  });

  it('carries sums over writes instead of starting anew', () => {
    const counted = countingScheme(wideSum);
    const vector = new SortedVector({ scheme: counted.scheme, chunkItems: 64 });
    vector.insert(Array.from({ length: 6_400 }, (_, i) => referenceItem(2 * i)));
    vector.remove([referenceItem(2 * 70).id]);
    vector.snapshot().fingerprint(0, vector.size);
    const before = counted.ids();
    vector.insert([referenceItem(2 * 64 + 1)]);
    vector.remove([referenceItem(2 * 80).id]);
    vector.insert([referenceItem(2 * 64 + 3)]);
    vector.snapshot().fingerprint(0, vector.size);
    assert.equal(counted.ids() - before, 3);
    const expected = wideSum.empty();
    wideSum.add(expected, vector.snapshot().ids(0, vector.size));
    assert.deepEqual(vector.snapshot().fingerprint(0, vector.size), expected);
  });

  it('refuses chunks of less than two items', () => {
    for (const chunkItems of [0, 1, 2.5, Number.NaN]) {
      assert.throws(() => new SortedVector({ scheme: wideSum, chunkItems }), {
        code: 'INVALID_SIZE',
      });
    }
  });
});

/** c(i) of the vectors: hint 1000000+10*i, id BLAKE3-256(le64(i) || tag). */
function referenceItem(i: number, tag = 'c'): ItemKey {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(i), true);
  const id = blake3(concatBytes(number, new TextEncoder().encode(tag)));
  return { hint: 1_000_000n + 10n * BigInt(i), id };
}
