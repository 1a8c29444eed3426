import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PushCoverage } from '../../../../src/daemon/replicator/push/index.ts';
import { bytesToKey } from '../../../../src/store/index.ts';
import { sessionReport } from '../../../support/reports.ts';
import { at, FAILED, findingOf, idsOf } from '../support.ts';

const keysOf = (count: number, from = 0) => idsOf(count, from).map((id) => ({ hint: 1n, id }));

function commit(coverage: PushCoverage, version: number, count: number, from = 0): void {
  coverage.committed(version, idsOf(count, from).map(bytesToKey));
}

describe('the commits that are followed', () => {
  it('are limited, and make room once they are pushed', () => {
    const coverage = new PushCoverage({ maxFollowed: 10 });
    for (const version of [1, 2]) {
      commit(coverage, version, 10, 10 * version);
      coverage.pushed(keysOf(10, 10 * version));
    }
    assert.equal(coverage.since(), 0, 'all of it was pushed');
    commit(coverage, 3, 10, 30);
    commit(coverage, 4, 1, 40);
    coverage.pushed(keysOf(11, 30));
    assert.equal(coverage.since(), 4, 'one past the bound is not followed');
    commit(coverage, 5, 10, 50);
    coverage.pushed(keysOf(10, 50));
    assert.equal(coverage.since(), 4, 'there is room again');
    commit(coverage, 6, 11, 60);
    coverage.pushed(keysOf(11, 60));
    assert.equal(coverage.since(), 6);
  });

  it('make room when a change that is never pushed makes them needless', () => {
    const coverage = new PushCoverage({ maxFollowed: 10 });
    commit(coverage, 1, 10);
    coverage.changed(2);
    commit(coverage, 3, 10, 20);
    coverage.pushed(keysOf(10, 20));
    assert.equal(coverage.since(), 2);
  });

  it('count as not pushed up to the newest that was not', () => {
    const coverage = new PushCoverage();
    commit(coverage, 1, 1, 1);
    commit(coverage, 3, 1, 3);
    commit(coverage, 2, 1, 2);
    coverage.pushed(keysOf(1, 2));
    assert.equal(coverage.since(), 3);
    coverage.changed(2);
    assert.equal(coverage.since(), 3, 'it never goes back');
  });

  it('are forgotten by a change that is never pushed', () => {
    const coverage = new PushCoverage();
    commit(coverage, 1, 1, 1);
    coverage.changed(2);
    commit(coverage, 3, 1, 3);
    coverage.pushed(keysOf(1, 3));
    assert.equal(coverage.since(), 2);
  });
});

describe('a peer that knows all changes', () => {
  const heard = (
    coverage: PushCoverage,
    change: Parameters<typeof sessionReport>[0],
    sessions = 1,
  ): boolean =>
    coverage.heardBy({
      peer: 'p',
      connected: true,
      sessions,
      brought: true,
      equalAt: null,
      terms: { gives: true, takes: true },
      lastSession: sessionReport({ version: 5, ...change }),
    });

  it('had its last session after all changes that were not pushed', () => {
    const coverage = new PushCoverage();
    coverage.changed(5);
    assert.equal(heard(coverage, {}), true);
    assert.equal(heard(coverage, { version: 4 }), false);
    assert.equal(heard(coverage, { version: 6 }), true);
    commit(coverage, 6, 1);
    assert.equal(heard(coverage, {}), false, 'that was not pushed');
    assert.equal(heard(coverage, { version: 6 }), true);
  });

  it('had a last session over everything', () => {
    const coverage = new PushCoverage();
    const outline = {
      count: 1,
      root: new Uint8Array(16),
      interval: findingOf().interval,
      whole: true,
    };
    const declined = { ours: outline, theirs: { ...outline, mode: 'survey' as const } };
    const part = findingOf({ interval: { lower: at(1), upper: at(2) } });
    assert.equal(coverage.heardBy(undefined), false);
    assert.equal(heard(coverage, {}, 0), false, 'that was before it connected');
    assert.equal(heard(coverage, { error: FAILED }), false);
    assert.equal(heard(coverage, { finding: part }), false);
    assert.equal(heard(coverage, { continueFrom: at(3) }), false);
    assert.equal(heard(coverage, { equal: false }), true);
    assert.equal(heard(coverage, { equal: false, mode: 'survey' }), false, 'it only looked');
    assert.equal(heard(coverage, { equal: false, outlines: declined }), false);
    assert.equal(heard(coverage, { mode: 'survey' }), true, 'a survey that found both equal');
  });

  it('is never one without a session', () => {
    const record = {
      peer: 'p',
      connected: true,
      sessions: 1,
      brought: true,
      equalAt: null,
      terms: { gives: true, takes: true },
      lastSession: null,
    };
    assert.equal(new PushCoverage().heardBy(record), false);
  });
});
