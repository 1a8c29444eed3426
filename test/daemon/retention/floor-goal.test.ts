import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEFAULT_RETENTION_OPTIONS,
  type RetentionOptions,
} from '../../../src/daemon/retention/options.ts';
import { floorGoal, type KeptItems } from '../../../src/daemon/retention/testing.ts';

const NOW = 1_700_000_000_000;
const NOTHING: KeptItems = { items: 0, storedBytes: 0, hintAt: () => assert.fail('no items') };

function goal(options: Partial<RetentionOptions>, now: number | null = NOW, kept = NOTHING) {
  return floorGoal({ ...DEFAULT_RETENTION_OPTIONS, ...options }, { now, latest: null }, kept);
}

/** Items with these hints, ten bytes each. */
function keptOf(hints: readonly number[]): KeptItems {
  return {
    items: hints.length,
    storedBytes: 10 * hints.length,
    hintAt: (rank) => BigInt(hints[rank] ?? assert.fail(`rank ${rank}`)),
  };
}

describe('the floor that retention asks for', () => {
  it('is 0 where everything is kept', () => {
    assert.deepEqual(goal({}), { floor: 0n, stuck: false });
  });

  it('follows the clock at the age, in steps of a minute or a sixtieth of the age', () => {
    const day = 86_400_000;
    const { floor } = goal({ maxAge: day });
    assert.ok(floor <= NOW - day && floor > NOW - day - 60_000, `${floor}`);
    assert.equal(floor % 60_000n, 0n);
    assert.equal(goal({ maxAge: 6_000 }).floor % 100n, 0n);
    assert.equal(goal({ maxAge: 36_500 * day }).floor, 0n, 'before the epoch');
  });

  it('does not follow a clock that is not believed, and keeps to the lowest hint then', () => {
    assert.equal(goal({ maxAge: 1_000 }, null).floor, 0n);
    assert.equal(goal({ maxAge: 1_000, minHint: 7n }, null).floor, 7n);
  });

  it('is the highest of age, lowest hint and size', () => {
    const kept = keptOf([1, 2, 3, 4, 5]);
    assert.equal(goal({ maxAge: 1_000, minHint: 7n }).floor > 7n, true);
    assert.equal(goal({ maxAge: 1_000, minHint: BigInt(2 * NOW) }).floor, BigInt(2 * NOW));
    assert.equal(goal({ minHint: 1n, maxBytes: 10 }, NOW, kept).floor, 2n);
  });

  it('lets a twentieth of the items go at a time where the set is too large, and none where it fits', () => {
    const kept = keptOf(Array.from({ length: 1_000 }, (_, i) => i));
    assert.equal(goal({ maxBytes: 10_000 }, NOW, kept).floor, 0n);
    assert.equal(goal({ maxBytes: 9_999 }, NOW, kept).floor, 50n);
    assert.equal(goal({ maxBytes: 100 }, NOW, kept).floor, 50n);
  });

  it('lets all items of the lowest hint go where more have it, and is stuck where all have it', () => {
    const crowded = keptOf([...Array(900).fill(5), ...Array(100).fill(6)]);
    assert.deepEqual(goal({ maxBytes: 10 }, NOW, crowded), { floor: 6n, stuck: false });
    const same = keptOf(Array(10).fill(5));
    assert.deepEqual(goal({ maxBytes: 10 }, NOW, same), { floor: 0n, stuck: true });
    assert.deepEqual(goal({ maxBytes: 10 }), { floor: 0n, stuck: false });
  });
});
