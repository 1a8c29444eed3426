import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IdFilter } from '../../../../src/store/replica/read/testing.ts';
import { SeededRandom } from '../../../support/random.ts';

const LAYER = 256;

describe('IdFilter', () => {
  it('holds every id that was added, however many layers it has grown', () => {
    const filter = new IdFilter({ firstCapacity: LAYER });
    const added = ids('added', 9 * LAYER);
    for (const id of added) {
      filter.add(id);
      assert.ok(filter.mayHold(id));
    }
    const lost = added.filter((id) => !filter.mayHold(id)).length;
    assert.equal(lost, 0, 'an id that was added is never said to be absent');
  });

  it('reports one or two of a thousand absent ids as present, when its layers are full', () => {
    const absent = ids('absent', 20_000);
    const filter = new IdFilter({ firstCapacity: LAYER });
    assert.equal(absent.filter((id) => filter.mayHold(id)).length, 0, 'none when it is empty');
    const added = ids('added', 2 * LAYER);
    for (const id of added.slice(0, LAYER)) filter.add(id);
    const one = absent.filter((id) => filter.mayHold(id)).length;
    assert.ok(one >= 8 && one <= 34, `${one} of 20,000 with one layer`);
    for (const id of added.slice(LAYER)) filter.add(id);
    const two = absent.filter((id) => filter.mayHold(id)).length;
    assert.ok(two >= 16 && two <= 68, `${two} of 20,000 with two layers`);
  });

  it('uses all bytes of the first six words of an id, in a layer that is large enough', () => {
    const filter = new IdFilter({ firstCapacity: 2 ** 21 });
    filter.add(new Uint8Array(32));
    for (let byte = 0; byte < 24; byte++) {
      const id = new Uint8Array(32);
      id[byte] = 1;
      assert.equal(filter.mayHold(id), false, `byte ${byte}`);
    }
  });
});

function ids(seed: string, count: number): Uint8Array[] {
  const bytes = new SeededRandom(seed).bytes(32 * count);
  return Array.from({ length: count }, (_, i) => bytes.subarray(32 * i, 32 * (i + 1)));
}
