import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attempts } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { bytesToKey } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { fetchReport } from '../../../support/reports.ts';

const id = (fill: number) => new Uint8Array(32).fill(fill);
const all = () => true;

describe('the attempts to fetch an item', () => {
  it('say for each source how its last request ended', () => {
    const clock = new VirtualClock(1_000);
    const attempts = new Attempts({ clock });
    const ids = [1, 2, 3, 4].map(id);
    const said = { absent: [id(1)], large: [{ id: id(2), length: 9 }], tooLarge: [id(3)] };
    attempts.ended(ids, fetchReport(said), all);
    const outcomes = ids.map((each) => attempts.of(each).map(({ outcome }) => outcome));
    assert.deepEqual(outcomes, [['absent'], ['large'], ['too-large'], ['unstored']]);
    const error = { code: 'STALLED', message: 'm' };
    attempts.ended([id(1)], fetchReport({ peer: 'q', outcome: 'stalled', error }), all);
    attempts.ended([id(1)], fetchReport({ outcome: 'failed', error }), all);
    assert.deepEqual(attempts.of(id(1)), [
      { peer: 'q', at: 1_000, outcome: 'stalled', error },
      { peer: 'p', at: 1_000, outcome: 'failed', error },
    ]);
    const full = { code: 'SET_FULL', message: 'm' };
    attempts.ended([id(4)], fetchReport(), all, full);
    assert.deepEqual(attempts.of(id(4))[0]!.error, full);
  });

  it('leave out items that came meanwhile, and are forgotten when they come', () => {
    const attempts = new Attempts({ clock: new VirtualClock() });
    attempts.ended([id(1), id(2)], fetchReport({ outcome: 'failed' }), (each) => each[0] === 2);
    assert.deepEqual([attempts.of(id(1)).length, attempts.of(id(2)).length], [0, 1]);
    attempts.stored([bytesToKey(id(2))]);
    assert.deepEqual(attempts.of(id(2)), []);
  });

  it('are bounded in ids and in sources', () => {
    const attempts = new Attempts({ clock: new VirtualClock(), maxIds: 2, maxSources: 2 });
    for (const n of [1, 2]) attempts.ended([id(n)], fetchReport({ outcome: 'failed' }), all);
    assert.equal(attempts.of(id(1)).length, 1);
    attempts.ended([id(3)], fetchReport({ outcome: 'failed' }), all);
    assert.deepEqual(attempts.of(id(1)), []);
    for (const peer of ['q', 'r']) {
      attempts.ended([id(3)], fetchReport({ peer, outcome: 'failed' }), all);
    }
    assert.deepEqual(
      attempts.of(id(3)).map(({ peer }) => peer),
      ['q', 'r'],
    );
  });
});
