import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PushCoverage } from '../../../../src/daemon/replicator/push/index.ts';
import { bytesToKey } from '../../../../src/store/index.ts';
import { at, FAILED, findingOf, idsOf, reportOf } from '../support.ts';

const keysOf = (count: number, from = 0) => idsOf(count, from).map((id) => ({ hint: 1n, id }));

function commit(told: PushCoverage, version: number, count: number, from = 0): void {
  told.committed(version, idsOf(count, from).map(bytesToKey));
}

describe('the commits that are followed', () => {
  it('are so many, and make room once they are pushed', () => {
    const told = new PushCoverage({ maxFollowed: 10 });
    for (const version of [1, 2]) {
      commit(told, version, 10, 10 * version);
      told.pushed(keysOf(10, 10 * version));
    }
    assert.equal(told.since(), 0, 'all of it was pushed');
    commit(told, 3, 10, 30);
    commit(told, 4, 1, 40);
    told.pushed(keysOf(11, 30));
    assert.equal(told.since(), 4, 'one past the bound is not followed');
    commit(told, 5, 10, 50);
    told.pushed(keysOf(10, 50));
    assert.equal(told.since(), 4, 'there is room again');
    commit(told, 6, 11, 60);
    told.pushed(keysOf(11, 60));
    assert.equal(told.since(), 6);
  });

  it('make room when a change that is never pushed makes them needless', () => {
    const told = new PushCoverage({ maxFollowed: 10 });
    commit(told, 1, 10);
    told.changed(2);
    commit(told, 3, 10, 20);
    told.pushed(keysOf(10, 20));
    assert.equal(told.since(), 2);
  });

  it('count as not pushed up to the newest that was not', () => {
    const told = new PushCoverage();
    commit(told, 1, 1, 1);
    commit(told, 3, 1, 3);
    commit(told, 2, 1, 2);
    told.pushed(keysOf(1, 2));
    assert.equal(told.since(), 3);
    told.changed(2);
    assert.equal(told.since(), 3, 'it never goes back');
  });

  it('are forgotten by a change that is never pushed', () => {
    const told = new PushCoverage();
    commit(told, 1, 1, 1);
    told.changed(2);
    commit(told, 3, 1, 3);
    told.pushed(keysOf(1, 3));
    assert.equal(told.since(), 2);
  });
});

describe('a peer that has heard of all changes', () => {
  const heard = (
    told: PushCoverage,
    change: Parameters<typeof reportOf>[0],
    sessions = 1,
  ): boolean =>
    told.heardBy({
      peer: 'p',
      connected: true,
      sessions,
      equalAt: null,
      lastSession: reportOf({ version: 5, ...change }),
    });

  it('is one whose last session was with all that was not pushed', () => {
    const told = new PushCoverage();
    told.changed(5);
    assert.equal(heard(told, {}), true);
    assert.equal(heard(told, { version: 4 }), false);
    assert.equal(heard(told, { version: 6 }), true);
    commit(told, 6, 1);
    assert.equal(heard(told, {}), false, 'that was not pushed');
    assert.equal(heard(told, { version: 6 }), true);
  });

  it('is one whose last session says something of everything', () => {
    const told = new PushCoverage();
    const outline = { count: 1, root: new Uint8Array(16), interval: findingOf().interval };
    const declined = { ours: outline, theirs: { ...outline, settles: false } };
    const part = findingOf({ interval: { lower: at(1), upper: at(2) } });
    assert.equal(told.heardBy(undefined), false);
    assert.equal(heard(told, {}, 0), false, 'that was before it connected');
    assert.equal(heard(told, { error: FAILED }), false);
    assert.equal(heard(told, { finding: part }), false);
    assert.equal(heard(told, { continueFrom: at(3) }), false);
    assert.equal(heard(told, { equal: false }), true);
    assert.equal(heard(told, { equal: false, settles: false }), false, 'it only looked');
    assert.equal(heard(told, { equal: false, outlines: declined }), false);
    assert.equal(heard(told, { settles: false }), true, 'a look that found both equal');
  });

  it('is none that has had no session', () => {
    const record = { peer: 'p', connected: true, sessions: 1, equalAt: null, lastSession: null };
    assert.equal(new PushCoverage().heardBy(record), false);
  });
});
