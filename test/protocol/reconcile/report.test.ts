import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionMode, SessionReport } from '../../../src/protocol/index.ts';
import { efficiency, reconciledBoth } from '../../../src/protocol/reconcile/index.ts';

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

describe('a session in which both sides reconcile', () => {
  const of = (mode: SessionMode, theirs?: SessionMode) =>
    reconciledBoth({
      mode,
      outlines: theirs === undefined ? null : { theirs: { mode: theirs } },
    } as SessionReport);

  it('is one in which neither put off what differs, as far as they say', () => {
    for (const [ours, theirs, both] of [
      ['reconcile', undefined, true],
      ['reconcile', 'reconcile', true],
      ['reconcile', 'survey', false],
      ['survey', undefined, false],
      ['survey', 'reconcile', false],
      ['survey', 'survey', false],
    ] as const) {
      assert.equal(of(ours, theirs), both, `${ours} and ${theirs}`);
    }
    const silent = { mode: 'reconcile', outlines: { theirs: {} } } as SessionReport;
    assert.equal(reconciledBoth(silent), true);
  });
});
