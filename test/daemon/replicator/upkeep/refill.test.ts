import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { isOwnTrouble, outcome } from '../../../../src/daemon/replicator/scheduling/index.ts';
import { Refill } from '../../../../src/daemon/replicator/upkeep/index.ts';
import type { Mending } from '../../../../src/daemon/replicator/upkeep/testing.ts';
import type { Replica } from '../../../../src/store/index.ts';
import { settle } from '../../../support/clock.ts';
import { sessionReport } from '../../../support/reports.ts';
import { EVERYTHING, FAILED, findingOf, Lines } from '../support.ts';

function setUp() {
  const state = { needsRefill: true, marked: 0, fails: false };
  const log = new Lines();
  const refill = new Refill({
    replica: {
      get needsRefill() {
        return state.needsRefill;
      },
      async markRefilled() {
        if (state.fails) throw new Error('no disk');
        state.marked++;
      },
    } as unknown as Replica,
    logger: log.logger,
  });
  /** A session with a peer ends, of those that are connected; how often the set was marked so far. */
  const ended = async (peer: string, change: Partial<Mending> & { missing?: number } = {}) => {
    const { missing = 0, ...mending } = change;
    const peers = ['p', 'q'].map((one) => ({ peer: one, connected: true }));
    refill.ended(sessionReport({ peer, missing }), { peers, wanted: 0, refused: 0, ...mending });
    await settle();
    return state.marked;
  };
  return { state, log, ended };
}

describe('a set with lost items', () => {
  it('is refilled once a session with every connected peer found no missing item', async () => {
    const { ended, log } = setUp();
    assert.equal(await ended('p'), 0);
    assert.equal(await ended('p'), 0);
    assert.equal(await ended('q'), 1);
    assert.ok(log.lines.some(({ event, peers }) => event === 'refilled' && peers === 2));
    assert.equal(await ended('q'), 1, 'they are asked anew');
    assert.equal(await ended('p'), 2);
  });

  it('is not refilled where a reconnected peer had missing items', async () => {
    const { ended } = setUp();
    await ended('p');
    await ended('p', { missing: 1 });
    assert.equal(await ended('q'), 0);
    assert.equal(await ended('p'), 1);
  });

  it('may lack refused items, but no others', async () => {
    const { ended } = setUp();
    assert.equal(await ended('p', { missing: 3, refused: 3 }), 0);
    assert.equal(await ended('q', { missing: 4, refused: 3 }), 0);
    assert.equal(await ended('q', { missing: 3, refused: 3 }), 1);
  });

  it('is not refilled while ids are wanted, or without a peer', async () => {
    const { ended } = setUp();
    const gone = { peers: [{ peer: 'p', connected: false }] };
    assert.equal(await ended('p', gone), 0);
    assert.equal(await ended('p', { peers: [{ peer: 'p', connected: true }], wanted: 1 }), 0);
    const peers = [...gone.peers, { peer: 'q', connected: true }];
    assert.equal(await ended('q', { peers }), 1, 'who has gone is not waited for');
  });

  it('is marked as refilled by the next session where the mark failed', async () => {
    const { state, ended, log } = setUp();
    state.fails = true;
    await ended('p');
    await ended('q');
    assert.ok(log.lines.some(({ msg }) => `${msg}`.includes('could not be marked')));
    state.fails = false;
    await ended('p');
    assert.equal(await ended('q'), 1);
  });

  it('is checked again after another loss', async () => {
    const { state, ended } = setUp();
    await ended('p');
    state.needsRefill = false;
    assert.equal(await ended('q'), 0);
    state.needsRefill = true;
    assert.equal(await ended('q'), 0, 'what p said was before the second loss');
    assert.equal(await ended('p'), 1);
  });
});

describe('the result of a session, for the schedule', () => {
  const outline = { count: 1, root: new Uint8Array(16), interval: EVERYTHING, whole: true };
  const declined = { ours: outline, theirs: { ...outline, mode: 'survey' as const } };
  const CASES: [string, Parameters<typeof sessionReport>[0]][] = [
    ['equal', {}],
    ['equal', { mode: 'survey' }],
    ['unknown', { error: FAILED }],
    ['unknown', { equal: false }],
    ['different', { equal: false, missing: 1 }],
    ['unknown', { equal: false, missing: 1, error: FAILED }],
    ['unknown', { equal: false, missing: 1, asked: EVERYTHING }],
    ['unknown', { equal: false, missing: 1, mode: 'survey' }],
    ['unknown', { equal: false, missing: 1, outlines: declined }],
    ['different', { equal: false, finding: findingOf({ mine: 1 }) }],
    ['different', { equal: false, finding: findingOf({ mine: 2, refusedThere: 1 }) }],
    ['unknown', { equal: false, finding: findingOf({ mine: 1, refusedThere: 1 }) }],
    ['unknown', { equal: false, finding: findingOf({ theirs: 1, refused: 1 }) }],
  ];
  it('is different, equal or unknown', () => {
    for (const [expected, change] of CASES) {
      assert.equal(outcome(sessionReport(change)), expected, inspect(change));
    }
  });

  it('is a failure of our own where our store ended it', () => {
    for (const code of [
      'STORE_REBUILDING',
      'STORE_UNAVAILABLE',
      'STORE_CORRUPT',
      'SNAPSHOT_EXPIRED',
      'STORE_CLOSED',
    ]) {
      assert.equal(isOwnTrouble({ code, message: '' }), true, code);
    }
    assert.equal(isOwnTrouble(FAILED), false);
  });
});
