import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { MemoryTree, subRange, sum256 } from '../../../src/store/index.ts';
import { keysOf } from '../../conformance/pairs.ts';
import { assertProperty } from '../../support/property.ts';

it('the states of many ranges in one walk are those of each range', () => {
  const keys = keysOf(1, 3_000);
  for (const shape of [{ leafItems: 2, fanout: 2 }, { leafItems: 7, fanout: 5 }, {}]) {
    const tree = new MemoryTree({ scheme: sum256, ...shape });
    tree.insert(keys);
    const snapshot = tree.snapshot();
    const view = subRange(snapshot, keys[100]!, keys[2_000]!);
    assertProperty(
      fc.property(fc.array(fc.nat(), { minLength: 2, maxLength: 20 }), (draws) => {
        for (const set of [snapshot, view]) {
          const cuts = draws.map((draw) => draw % (set.size + 1)).sort((a, b) => a - b);
          assert.deepEqual(
            set.fingerprints!(cuts),
            cuts.slice(1).map((end, i) => set.fingerprint(cuts[i]!, end)),
          );
        }
      }),
      { numRuns: 60 },
    );
  }
  assert.deepEqual(new MemoryTree({ scheme: sum256 }).snapshot().fingerprints([0, 0, 0]), [
    sum256.empty(),
    sum256.empty(),
  ]);
});
