import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerGaps } from '../../../../src/daemon/replicator/testing.ts';
import type { Finding, SessionReport } from '../../../../src/protocol/index.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';
import { sessionReport } from '../../../support/reports.ts';

const id = (fill: number) => new Uint8Array(32).fill(fill);
const NONE = { lasting: 0, since: null, unlisted: 0 };

function finding(change: Partial<Finding> = {}): Finding {
  return {
    interval: { lower: ZERO_BOUND, upper: INFINITE_BOUND },
    whole: true,
    mine: 1,
    theirs: 0,
    refused: 0,
    refusedThere: 0,
    proved: true,
    continueFrom: null,
    spent: null,
    ...change,
  };
}

/** A session with `p` that named ids. */
function session(
  gaps: PeerGaps,
  startedAt: number,
  have: Uint8Array<ArrayBuffer>[],
  change: Partial<SessionReport> = {},
): void {
  gaps.named('p', { have });
  gaps.ended(sessionReport({ equal: false, finding: finding(), startedAt, ...change }));
}

describe('the gaps of peers', () => {
  it('last once sessions five seconds apart have named the same id', () => {
    const gaps = new PeerGaps();
    session(gaps, 1_000, [id(1), id(2)]);
    assert.deepEqual(gaps.of('p'), NONE);
    session(gaps, 5_999, [id(1)]);
    assert.deepEqual(gaps.of('p'), NONE);
    session(gaps, 6_000, [id(1), id(2)]);
    assert.deepEqual(gaps.of('p'), { lasting: 1, since: 1_000, unlisted: 0 });
    assert.deepEqual(gaps.lacking(id(1)), [{ peer: 'p', since: 1_000, at: 6_000 }]);
    assert.deepEqual(gaps.lacking(id(2)), [{ peer: 'p', since: 6_000, at: 6_000 }]);
    session(gaps, 9_000, []);
    assert.deepEqual([gaps.of('p'), gaps.lacking(id(1))], [NONE, []]);
  });

  it('end with the connection', () => {
    const gaps = new PeerGaps();
    for (const at of [0, 5_000]) session(gaps, at, [id(1)]);
    assert.equal(gaps.of('p').lasting, 1);
    gaps.disconnected('p');
    assert.deepEqual([gaps.of('p'), gaps.lacking(id(1))], [NONE, []]);
  });

  it('are not told where one side shows nothing of its set', () => {
    const outline = { interval: finding().interval, whole: true, count: 0, root: id(0) };
    const silent = { ...outline, gives: false };
    for (const outlines of [
      { ours: outline, theirs: silent },
      { ours: silent, theirs: outline },
    ]) {
      const gaps = new PeerGaps();
      for (const at of [0, 9_000]) session(gaps, at, [id(1)], { finding: finding({ theirs: 3 }) });
      assert.deepEqual(gaps.of('p'), { lasting: 1, since: 0, unlisted: 3 });
      session(gaps, 18_000, [id(1)], { finding: finding({ theirs: 3 }), outlines });
      assert.deepEqual([gaps.of('p'), gaps.lacking(id(1))], [NONE, []]);
    }
  });

  it('are not those that the peer refuses', () => {
    const gaps = new PeerGaps();
    for (const at of [0, 9_000])
      session(gaps, at, [id(1), id(2)], { finding: finding({ mine: 2, refusedThere: 1 }) });
    assert.deepEqual(gaps.of('p'), { lasting: 1, since: 0, unlisted: 0 });
    session(gaps, 18_000, [id(1), id(2)], { finding: finding({ mine: 2, refusedThere: 2 }) });
    assert.deepEqual(gaps.of('p'), NONE);
  });

  it('are told by proved sessions over everything alone', () => {
    const gaps = new PeerGaps();
    session(gaps, 0, [id(1)]);
    for (const change of [
      { error: { code: 'TIMEOUT', message: 'm' } },
      { finding: null },
      { finding: finding({ proved: false }) },
      { finding: finding({ whole: false }) },
      { mode: 'survey' as const },
    ]) {
      session(gaps, 9_000, [id(2)], change);
      assert.deepEqual(gaps.lacking(id(2)), [], JSON.stringify(Object.keys(change)));
      assert.equal(gaps.lacking(id(1)).length, 1);
    }
    session(gaps, 9_000, [], { mode: 'survey', finding: finding({ mine: 0 }) });
    assert.deepEqual(gaps.lacking(id(1)), [], 'a survey of equal sets tells of all ids');
  });

  it('count ids of the peer that are neither missing nor refused here', () => {
    const gaps = new PeerGaps();
    session(gaps, 0, [], { missing: 2, finding: finding({ theirs: 6, refused: 1 }) });
    assert.equal(gaps.of('p').unlisted, 3);
    session(gaps, 1, [], { missing: 2, finding: finding({ theirs: 3, refused: 1 }) });
    assert.equal(gaps.of('p').unlisted, 0);
  });
});
