import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerStatements } from '../../../../src/daemon/replicator/scheduling/index.ts';
import type { Finding } from '../../../../src/protocol/index.ts';
import { bytesToHex, bytesToKey } from '../../../../src/store/index.ts';
import { sessionReport } from '../../../support/reports.ts';
import { at, EVERYTHING, FAILED, findingOf, idsOf } from '../support.ts';

const PART = { lower: at(1), upper: at(2) };
const nothing = (): boolean => false;

function found(change: Partial<Finding>, peer = 'p', startedAt = 5) {
  return sessionReport({ peer, startedAt, equal: false, finding: findingOf(change) });
}

function stored(statements: PeerStatements, ids: readonly Uint8Array[]): void {
  statements.stored(ids.map(bytesToKey));
}

describe('a statement about a peer', () => {
  it('says that it is covered and equal but for refused items, here and there', () => {
    const statements = new PeerStatements();
    for (const refused of [1, 2]) statements.ended(found({ refused, theirs: refused }), nothing);
    assert.notEqual(statements.of('p').coversAsOf, null);
    assert.notEqual(statements.of('p').equalAsOf, null);
    const { equalAsOf } = statements.of('p');
    statements.ended(found({ refused: 1, theirs: 2 }, 'p', 9), nothing);
    assert.equal(statements.of('p').equalAsOf, equalAsOf, 'an item that is not refused is missing');
    statements.ended(found({ mine: 1, refusedThere: 1 }, 'p', 10), nothing);
    assert.equal(statements.of('p').equalAsOf?.at, 10);
    assert.deepEqual(statements.of('p').coversAsOf, {
      at: 10,
      begunAt: 10,
      interval: EVERYTHING,
      whole: true,
    });
  });

  it('is not made of a peer that shows nothing, and calls no set equal to one that is not shown', () => {
    const outline = { interval: EVERYTHING, whole: true, count: 0, root: new Uint8Array(16) };
    const silent = { ...outline, gives: false };
    const statements = new PeerStatements();
    const session = found({});
    statements.ended({ ...session, outlines: { ours: outline, theirs: silent } }, nothing);
    assert.deepEqual(statements.of('p').coversAsOf, null);
    assert.deepEqual(statements.of('p').equalAsOf, null);
    statements.ended({ ...session, outlines: { ours: silent, theirs: outline } }, nothing);
    assert.equal(statements.of('p').coversAsOf?.at, 5, 'the peer has shown its items');
    assert.equal(statements.of('p').equalAsOf, null);
  });

  it('is not made by a session that failed or proved nothing', () => {
    const statements = new PeerStatements();
    statements.ended(sessionReport({ error: FAILED }), nothing);
    statements.ended(found({ proved: false }), nothing);
    statements.ended(sessionReport({ equal: false }), nothing);
    const { coversAsOf, equalAsOf } = statements.of('p');
    assert.deepEqual([coversAsOf, equalAsOf], [null, null]);
    statements.ended(sessionReport({ startedAt: 9 }), nothing);
    const known = statements.of('p');
    assert.deepEqual(known.coversAsOf, { at: 9, begunAt: 9, interval: EVERYTHING, whole: true });
    assert.deepEqual(known.equalAsOf, { at: 9, begunAt: 9, interval: EVERYTHING, whole: true });
  });

  it('says that the sets are equal where neither side differed, and only then', () => {
    for (const [finding, equal] of [
      [{}, true],
      [{ mine: 1 }, false],
      [{ theirs: 1 }, false],
    ] as const) {
      const statements = new PeerStatements();
      statements.ended(found(finding), nothing);
      assert.equal(statements.of('p').equalAsOf !== null, equal, JSON.stringify(finding));
    }
  });

  it('is not hidden by a later session over a part', () => {
    const statements = new PeerStatements();
    statements.ended(found({ interval: PART }), nothing);
    statements.ended(found({ interval: PART }, 'p', 6), nothing);
    assert.deepEqual(statements.of('p').coversAsOf, {
      at: 6,
      begunAt: 6,
      interval: PART,
      whole: false,
    });
    statements.ended(found({}, 'p', 7), nothing);
    statements.ended(found({ interval: PART }, 'p', 8), nothing);
    assert.equal(statements.of('p').coversAsOf?.at, 7);
    assert.equal(statements.of('p').equalAsOf?.at, 7);
    statements.ended(found({}, 'p', 9), nothing);
    assert.equal(statements.of('p').coversAsOf?.at, 9);
  });

  it('waits for the missing items of its session, and for none of an earlier one', () => {
    const statements = new PeerStatements();
    const [here, first, second] = idsOf(3);
    statements.learnt('p', [first!]);
    statements.ended(sessionReport({ error: FAILED }), nothing);
    statements.learnt('p', [here!, second!]);
    const holds = (key: string): boolean => key === bytesToKey(here!);
    statements.ended(found({ theirs: 2 }), holds);
    assert.equal(statements.of('p').coversAsOf, null, `${bytesToHex(second!)} is missing`);
    stored(statements, [second!]);
    assert.notEqual(statements.of('p').coversAsOf, null);
  });
});

describe('the ids that are followed for statements', () => {
  let session = 0;

  /** Whether a statement is made of a session once all the ids that it found are stored. */
  function covers(statements: PeerStatements, peer: string, count: number, from = 0): boolean {
    const ids = idsOf(count, from);
    const startedAt = ++session;
    statements.learnt(peer, ids);
    statements.ended(found({ theirs: count }, peer, startedAt), nothing);
    stored(statements, ids);
    return statements.of(peer).coversAsOf?.at === startedAt;
  }

  it('are limited for each peer', () => {
    const statements = new PeerStatements({ maxFollowed: 10 });
    assert.equal(covers(statements, 'at the bound', 10), true);
    assert.equal(covers(statements, 'one past it', 11), false);
    assert.equal(covers(statements, 'one past it', 10), true, 'the next session is followed again');
  });

  it('are counted over a whole session', () => {
    const statements = new PeerStatements({ maxFollowed: 10 });
    statements.learnt('p', idsOf(6));
    statements.learnt('p', idsOf(5, 6));
    statements.learnt('p', idsOf(1, 20));
    statements.ended(found({ theirs: 12 }), nothing);
    stored(statements, [...idsOf(11), ...idsOf(1, 20)]);
    assert.equal(statements.of('p').coversAsOf, null, 'it is not known what that session found');
  });

  it('are limited over all peers, awaited ones included, and freed once stored', () => {
    const statements = new PeerStatements({ maxFollowedInAll: 10 });
    statements.learnt('a', idsOf(6));
    statements.ended(found({ theirs: 6 }, 'a'), nothing);
    statements.learnt('b', idsOf(2, 6));
    assert.equal(covers(statements, 'c', 3, 10), false, 'there is room for two');
    assert.equal(covers(statements, 'd', 2, 20), true);
    stored(statements, idsOf(6));
    assert.notEqual(statements.of('a').coversAsOf, null);
    assert.equal(covers(statements, 'c', 8, 30), true, 'what was stored has given its room back');
    statements.disconnected('b');
    assert.equal(covers(statements, 'c', 10, 40), true, 'so has who went');
  });

  it('are dropped when their peer leaves', () => {
    const statements = new PeerStatements({ maxFollowedInAll: 5 });
    for (const _ of [1, 2]) {
      statements.learnt('a', idsOf(5));
      statements.ended(found({ theirs: 5 }, 'a'), nothing);
      statements.disconnected('a');
      stored(statements, idsOf(5));
      assert.equal(statements.of('a').coversAsOf, null);
    }
    assert.equal(covers(statements, 'b', 5), true);
    statements.disconnected('never met');
  });

  it('are kept for a number of peers, and the first makes room', () => {
    const statements = new PeerStatements({ maxPeers: 2 });
    for (const peer of ['a', 'b']) statements.ended(found({}, peer), nothing);
    assert.notEqual(statements.of('a').coversAsOf, null);
    statements.ended(found({}, 'c'), nothing);
    assert.deepEqual(
      ['a', 'b', 'c'].map((peer) => statements.of(peer).coversAsOf !== null),
      [false, true, true],
    );
  });
});
