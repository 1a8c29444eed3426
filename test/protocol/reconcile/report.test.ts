import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionReport } from '../../../src/protocol/index.ts';
import { efficiency, settledBoth } from '../../../src/protocol/reconcile/index.ts';

describe('the efficiency of a session', () => {
  it('is its bytes over what any method needs: an id and where it lies, for each difference', () => {
    assert.equal(efficiency({ bytes: 66, items: 512, differences: 2 }), 1);
    assert.equal(efficiency({ bytes: 132, items: 512, differences: 2 }), 2);
    assert.equal(efficiency({ bytes: 34, items: 65_536, differences: 1 }), 1);
  });

  it('takes one difference where there is none, and no fewer items than differences', () => {
    assert.equal(efficiency({ bytes: 33, items: 256, differences: 0 }), 1);
    assert.equal(efficiency({ bytes: 64, items: 0, differences: 2 }), 1);
    assert.equal(efficiency({ bytes: 32, items: 0, differences: 0 }), 1);
  });
});

describe('a session in which both sides settled', () => {
  const of = (settles: boolean, theirs?: boolean) =>
    settledBoth({
      settles,
      outlines: theirs === undefined ? null : { theirs: { settles: theirs } },
    } as SessionReport);

  it('is one in which neither put off what differs, as far as they say', () => {
    assert.deepEqual([of(true), of(true, true), of(true, false)], [true, true, false]);
    assert.deepEqual([of(false), of(false, true), of(false, false)], [false, false, false]);
    const silent = { settles: true, outlines: { theirs: {} } } as SessionReport;
    assert.equal(settledBoth(silent), true);
  });
});
