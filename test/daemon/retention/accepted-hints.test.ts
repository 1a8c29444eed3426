import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AcceptedHints } from '../../../src/daemon/retention/index.ts';
import { DEFAULT_HINT_OPTIONS, type HintOptions } from '../../../src/daemon/retention/options.ts';
import { INFINITE_HINT } from '../../../src/store/index.ts';

const MILLISECONDS: HintOptions = { unit: 'milliseconds', maxAhead: 1_000 };

function setUp(options: HintOptions) {
  const at = { now: 50_000 };
  const retention = { floor: 0n };
  const accepted = new AcceptedHints({ clock: { now: () => at.now }, retention, options });
  const bounds = () => [accepted.interval.lower.hint, accepted.interval.upper.hint];
  return { at, retention, accepted, bounds };
}

describe('the part of the key space that a node reconciles', () => {
  it('is all of it where hints are numbers and nothing is removed', () => {
    const { accepted, bounds, at } = setUp(DEFAULT_HINT_OPTIONS);
    assert.deepEqual(bounds(), [0n, INFINITE_HINT]);
    accepted.change(MILLISECONDS);
    at.now = 60_000;
    assert.deepEqual(bounds(), [0n, 61_001n], 'the highest hint that is taken is a part of it');
  });

  it('begins at the floor, and ends with the clock but never earlier than before', () => {
    const { at, retention, accepted, bounds } = setUp(MILLISECONDS);
    retention.floor = 7n;
    assert.deepEqual(bounds(), [7n, 51_001n]);
    at.now = 10_000;
    assert.deepEqual(bounds(), [7n, 51_001n]);
    assert.equal(accepted.ceiling, 11_000n, 'new items are held to the clock');
    at.now = 70_000;
    assert.deepEqual(bounds(), [7n, 71_001n]);
  });

  it('is nothing where the floor lies above the end', () => {
    const { retention, bounds } = setUp(MILLISECONDS);
    retention.floor = 90_000n;
    assert.deepEqual(bounds(), [90_000n, 90_000n]);
  });
});
