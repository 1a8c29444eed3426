import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PeerRecord } from '../../../src/daemon/replicator/index.ts';
import { getsMany, isPart, PeerRecords } from '../../../src/daemon/replicator/testing.ts';
import { sessionReport } from '../../support/reports.ts';
import { at, EVERYTHING, FAILED, findingOf } from './support.ts';

const REPLICA = { version: 0, indexed: true };
const PART = { lower: at(1), upper: at(2) };

describe('the records of peers', () => {
  it('are forgotten on demand, but for those of connected peers', () => {
    const records = new PeerRecords({ replica: REPLICA });
    records.connected('p');
    assert.equal(records.forget('p'), false);
    records.disconnected('p');
    assert.deepEqual([records.forget('p'), records.forget('p')], [true, false]);
    assert.deepEqual(records.all(), []);
  });

  it('say whether any peer is connected', () => {
    const records = new PeerRecords({ replica: REPLICA });
    assert.equal(records.alone, true);
    for (const peer of ['p', 'q', 'p']) {
      records.connected(peer);
      assert.equal(records.alone, false);
      records.disconnected(peer);
      assert.equal(records.alone, true, 'the record of a peer that is gone stays');
    }
  });

  it('count the sessions since a peer connected, and keep the last one', () => {
    const records = new PeerRecords({ replica: REPLICA });
    for (const _ of [1, 2]) {
      records.connected('p');
      assert.equal(records.get('p')!.sessions, 0);
      for (const sessions of [1, 2]) {
        const report = sessionReport({ version: sessions });
        records.ended(report);
        assert.deepEqual(records.get('p'), {
          peer: 'p',
          connected: true,
          sessions,
          brought: true,
          lastSession: report,
          equalAt: sessions,
          terms: { gives: true, takes: true },
        });
      }
      records.disconnected('p');
      const { connected, equalAt, lastSession } = records.get('p')!;
      assert.deepEqual([connected, equalAt, lastSession?.version], [false, null, 2]);
    }
    records.connected('p');
    assert.equal(records.get('p')!.lastSession?.version, 2, 'it is known when it is back');
    records.ended(sessionReport({ peer: 'q' }));
    records.differs('q');
    records.disconnected('q');
    assert.equal(records.get('q'), undefined);
  });

  it('treat sets as equal until a report contradicts it', () => {
    const records = new PeerRecords({ replica: REPLICA });
    records.connected('p');
    const equalAfter = (change: Parameters<typeof sessionReport>[0]): boolean => {
      records.ended(sessionReport());
      records.ended(sessionReport(change));
      return records.get('p')!.equalAt !== null;
    };
    assert.equal(equalAfter({}), true);
    assert.equal(equalAfter({ equal: false }), false);
    assert.equal(equalAfter({ error: FAILED }), false);
    const part = { equal: false, finding: findingOf({ interval: PART }) };
    assert.equal(equalAfter(part), true, 'a part in which nothing differs says nothing');
    assert.equal(equalAfter({ ...part, finding: findingOf({ interval: PART, mine: 1 }) }), false);
    records.ended(sessionReport());
    records.differs('p');
    assert.equal(records.get('p')!.equalAt, null);
  });

  it('are kept for a number of disconnected peers, the oldest forgotten first', () => {
    const records = new PeerRecords({ replica: REPLICA, maxDisconnected: 2 });
    for (const peer of ['a', 'b', 'c', 'd']) records.connected(peer);
    records.connected('a');
    for (const peer of ['b', 'a']) records.disconnected(peer);
    assert.equal(records.all().length, 4, 'at the bound');
    records.disconnected('c');
    assert.deepEqual(
      records.all().map(({ peer }) => peer),
      ['c', 'd', 'a'],
    );
    assert.deepEqual(
      records.connectedOnes.map(({ peer }) => peer),
      ['d'],
    );
    for (const peer of ['b', 'c']) records.connected(peer);
    records.disconnected('d');
    assert.equal(records.all().length, 4, 'who is back is not counted');
  });
});

describe('a session over a part', () => {
  it('proved without an error that its part is equal', () => {
    const finding = findingOf({ interval: PART });
    assert.equal(isPart(sessionReport({ finding })), true);
    assert.equal(isPart(sessionReport({ finding: findingOf() })), false, 'it is everything');
    assert.equal(isPart(sessionReport({ finding, error: FAILED })), false);
    assert.equal(isPart(sessionReport({ finding: null })), false);
    for (const change of [{ mine: 1 }, { theirs: 1 }, { proved: false }]) {
      assert.equal(isPart(sessionReport({ finding: { ...finding, ...change } })), false);
    }
    const refused = { ...finding, mine: 1, refusedThere: 1, theirs: 2, refused: 2 };
    assert.equal(isPart(sessionReport({ finding: refused })), true, 'but for refused items');
    const whole = { ...finding, whole: true };
    assert.equal(isPart(sessionReport({ finding: whole })), false, 'it is all that both accept');
  });
});

describe('a connection', () => {
  it('brought something once a session had a frame of the peer, or listed ids', () => {
    const peers = new PeerRecords({ replica: { version: 0, indexed: true } });
    const brought = () => peers.get('p')!.brought;
    const seen: boolean[] = [];
    for (const bring of [
      () => peers.ended(sessionReport({ peer: 'p', rounds: 0, error: FAILED })),
      () => peers.ended(sessionReport({ peer: 'p', rounds: 1, error: FAILED })),
      () => peers.listed('p'),
      () => peers.disconnected('p'),
    ]) {
      peers.connected('p');
      bring();
      seen.push(brought());
    }
    assert.deepEqual(seen, [false, true, true, false]);
  });
});

describe('the terms of a peer', () => {
  it('are those that it named last, and are asked for anew on each connection', () => {
    const records = new PeerRecords({ replica: REPLICA });
    const outline = { interval: EVERYTHING, whole: true, count: 0, root: new Uint8Array(16) };
    const said = (terms: { gives?: boolean; takes?: boolean }) =>
      sessionReport({ outlines: { ours: outline, theirs: { ...outline, ...terms } } });
    assert.deepEqual(records.terms('p'), { gives: true, takes: true });
    records.connected('p');
    records.ended(said({ gives: false }));
    records.ended(sessionReport({ outlines: null }));
    assert.deepEqual(
      records.terms('p'),
      { gives: false, takes: true },
      'a failed session says nothing',
    );
    records.ended(said({ takes: false }));
    assert.deepEqual(records.terms('p'), { gives: true, takes: false });
    records.disconnected('p');
    records.connected('p');
    assert.deepEqual(records.terms('p'), { gives: true, takes: true });
  });
});

describe('a peer that gets many items', () => {
  const record = (mine: number, refusedThere = 0): PeerRecord => ({
    peer: 'p',
    connected: true,
    sessions: 1,
    brought: true,
    equalAt: null,
    terms: { gives: true, takes: true },
    lastSession: sessionReport({
      startedAt: 1_000,
      durationMs: 500,
      finding: findingOf({ mine, refusedThere }),
    }),
  });

  it('lacked 1,024 items in its last session', () => {
    assert.deepEqual(
      [getsMany(record(1_023), 1_500), getsMany(record(1_024), 1_500)],
      [false, true],
    );
    assert.equal(getsMany(record(2_000, 1_000), 1_500), false, 'it refuses many of them');
    assert.equal(getsMany({ ...record(2_000), lastSession: null }, 1_500), false);
    assert.equal(getsMany({ ...record(1), lastSession: sessionReport() }, 6), false);
  });

  it('counts as such for ten seconds after the end of that session, also where the clock goes back', () => {
    const get = (now: number): boolean => getsMany(record(1_024), now);
    assert.deepEqual([get(11_499), get(11_500)], [true, false]);
    assert.deepEqual([get(-8_499), get(-8_500)], [true, false]);
  });
});
