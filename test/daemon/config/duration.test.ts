import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDuration } from '../../../src/daemon/config/index.ts';
import { duration, leafOf } from '../../../src/daemon/config/testing.ts';

describe('a duration of the configuration', () => {
  it('has a unit, or is in milliseconds', () => {
    assert.equal(parseDuration('0'), 0);
    assert.equal(parseDuration('250'), 250);
    assert.equal(parseDuration('250ms'), 250);
    assert.equal(parseDuration('5 s'), 5_000);
    assert.equal(parseDuration('10m'), 600_000);
    assert.equal(parseDuration('12h'), 43_200_000);
    assert.equal(parseDuration('30d'), 2_592_000_000);
    for (const text of ['', 's', '1.5h', '-1s', '1w', '1H', '10 min', '9999999999999999d']) {
      assert.ok(Number.isNaN(parseDuration(text)), text);
    }
  });

  it('is a number or a text, within both ends of its range', () => {
    const key = duration(['1s', '2h'], 60_000);
    for (const value of [1_000, '1000', '1s', 7_200_000, '2h', '120m']) {
      assert.equal(key.parse(value), typeof value === 'number' ? value : parseDuration(value));
    }
    for (const value of [999, '999ms', 7_200_001, '3h', 1_000.5, 'soon', null]) {
      assert.equal(key.safeParse(value).success, false, `${value}`);
    }
    assert.match(leafOf(key)!.expected, /^a duration from 1s to 2h,/);
  });

  it('has a default, shown in the longest unit that fits', () => {
    const shown: [number, string][] = [
      [0, '0'],
      [1_001, '1001ms'],
      [90_000, '90s'],
      [600_000, '10m'],
      [3_600_000, '1h'],
      [2_592_000_000, '30d'],
    ];
    for (const [ms, text] of shown) {
      const key = duration(['0', '30d'], ms);
      assert.equal(key.parse(undefined), ms);
      assert.equal(key.def.defaultValue, text);
    }
  });
});
