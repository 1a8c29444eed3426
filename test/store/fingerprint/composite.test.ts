import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composite, partOffset, sum256 } from '../../../src/store/fingerprint/index.ts';
import { concatBytes, lthash, lthashReference } from '../../../src/store/index.ts';
import { MemoryTree } from '../../../src/store/tree/memory/index.ts';
import { wideSum } from '../../support/wide-sum.ts';

const both = composite([wideSum, sum256]);
const ids = Array.from({ length: 40 }, (_, i) => new Uint8Array(32).fill(i * 7 + 1));

describe('composite scheme', () => {
  it('keeps the states of its parts side by side', () => {
    const state = both.empty();
    both.add(state, concatBytes(...ids));
    both.subtract(state, ids[3]!);
    const other = both.empty();
    both.add(other, ids[3]!);
    both.combine(state, other);
    both.difference(state, other);
    const wanted = concatBytes(...ids.filter((_, i) => i !== 3));
    const expected = [wideSum, sum256].map((part) => {
      const alone = part.empty();
      part.add(alone, wanted);
      return alone;
    });
    assert.deepEqual(state, concatBytes(...expected));
    assert.equal(both.name, 'wide-sum+sum256');
    assert.equal(both.stateBytes, 64);
    const digests = [wideSum.digest(expected[0]!, 39), sum256.digest(expected[1]!, 39)];
    assert.deepEqual(both.digest(state, 39), concatBytes(...digests));
  });

  it('combines many states at once as one by one, whether its parts can or not', () => {
    const scheme = composite([wideSum, lthash, sum256]);
    const states = ids.slice(0, 5).map((id) => {
      const state = scheme.empty();
      scheme.add(state, id);
      return state;
    });
    for (const count of [0, 1, 5]) {
      const together = scheme.empty();
      scheme.combineAll?.(together, states.slice(0, count));
      const oneByOne = scheme.empty();
      for (const state of states.slice(0, count)) scheme.combine(oneByOne, state);
      assert.deepEqual(together, oneByOne, `${count} states`);
    }
  });

  it('knows where each part lies, and that others do not lie in it', () => {
    const three = composite([wideSum, sum256, lthashReference]);
    assert.deepEqual(
      [wideSum, sum256, lthashReference].map((part) => partOffset(three, part)),
      [...[0, 32, 64]],
    );
    assert.equal(three.stateBytes, 64 + 2048);
    assert.equal(partOffset(sum256, sum256), 0);
    assert.throws(() => partOffset(both, lthashReference), { code: 'INVALID_SCHEME' });
    assert.throws(() => partOffset(sum256, wideSum), { code: 'INVALID_SCHEME' });
  });

  it('lets a snapshot be seen under one of its parts', () => {
    const tree = new MemoryTree({ scheme: both, leafItems: 3, fanout: 3 });
    const alone = new MemoryTree({ scheme: sum256, leafItems: 3, fanout: 3 });
    const keys = ids.map((id, i) => ({ hint: BigInt(i % 5), id }));
    tree.insert(keys);
    alone.insert(keys);
    const snapshot = tree.snapshot();
    const view = snapshot.under(sum256);
    assert.equal(view.scheme, sum256);
    for (const [begin, end] of [[0, 40] as const, [0, 0] as const, [3, 31] as const]) {
      const expected = alone.snapshot().fingerprint(begin, end);
      assert.deepEqual(view.fingerprint(begin, end), expected);
    }
    assert.deepEqual(view.select(7), snapshot.select(7));
    assert.ok(view.contains(ids[5]!));
    assert.equal(snapshot.under(both), snapshot);
    assert.throws(() => snapshot.under(lthashReference), { code: 'INVALID_SCHEME' });
    view.release();
    assert.throws(() => snapshot.select(0), { code: 'SNAPSHOT_RELEASED' });
  });
});
