import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ITEMS, type Outcome, runTwentyNodes } from './twenty-nodes.ts';

describe('twenty nodes under virtual time', () => {
  it('converge while they write and links break, and the same seed gives the same trace', async () => {
    const seeds = ['a seed', 'a seed', 'another seed'];
    const [first, second, other] = (await Promise.all(seeds.map(runTwentyNodes))) as [
      Outcome,
      Outcome,
      Outcome,
    ];
    assert.ok(first.converged, 'the sets differ after five minutes');
    assert.deepEqual(first.nodes, Array(20).fill({ items: ITEMS, wanted: 0 }));
    assert.ok(first.trace.length > 1_000);
    assert.deepEqual(second.trace, first.trace);
    assert.ok(other.converged);
    assert.notDeepEqual(other.trace, first.trace);
  });
});
