import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerStatements } from '../../../../src/daemon/replicator/scheduling/index.ts';
import type { SessionReport } from '../../../../src/protocol/index.ts';
import { bytesToKey, INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';

const EVERYTHING = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

/** `count` distinct ids. */
function idsOf(count: number, from = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const id = new Uint8Array(32);
    new DataView(id.buffer).setUint32(0, from + i);
    return id;
  });
}

/** A session that proved what it found. */
function proved(peer: string, theirs: number): SessionReport {
  const finding = { proved: true, interval: EVERYTHING, whole: true, mine: 0, theirs, refused: 0 };
  return {
    peer,
    error: null,
    finding,
    equal: false,
    startedAt: 5,
    asOf: 5,
  } as unknown as SessionReport;
}

const nothing = (): boolean => false;

function stored(statements: PeerStatements, ids: readonly Uint8Array[]): void {
  statements.stored(ids.map(bytesToKey));
}

describe('PeerStatements', () => {
  it('says that a peer is covered once all missing items are stored', () => {
    const statements = new PeerStatements();
    const ids = idsOf(2);
    statements.learnt('p', ids);
    statements.ended(proved('p', 2), nothing);
    stored(statements, ids.slice(0, 1));
    assert.equal(statements.of('p').coversAsOf, null);
    stored(statements, ids.slice(1));
    assert.deepEqual(statements.of('p').coversAsOf, {
      at: 5,
      begunAt: 5,
      interval: EVERYTHING,
      whole: true,
    });
  });

  it('dates a statement as of the session, and tells when that began', () => {
    const statements = new PeerStatements();
    statements.ended({ ...proved('p', 0), startedAt: 9, asOf: 7 }, nothing);
    const { coversAsOf } = statements.of('p');
    assert.deepEqual([coversAsOf?.at, coversAsOf?.begunAt], [7, 9]);
  });

  it('knows of sessions that this node began alone that they began before a later snapshot there', () => {
    const statements = new PeerStatements();
    const asked = (role: SessionReport['role'], startedAt: number) => {
      statements.ended({ ...proved('p', 0), role, startedAt, asOf: startedAt }, nothing);
      const { coversAsOf, coversSinceAsked } = statements.of('p');
      return [coversAsOf?.at, coversSinceAsked];
    };
    assert.deepEqual(asked('responder', 5), [5, null]);
    assert.deepEqual(asked('initiator', 6), [6, 6]);
    assert.deepEqual(asked('responder', 7), [7, 6]);
    const part = { ...proved('p', 0), role: 'initiator', startedAt: 8 } as const;
    statements.ended({ ...part, finding: { ...part.finding!, whole: false } }, nothing);
    assert.equal(statements.of('p').coversSinceAsked, 6, 'of a part');
  });

  it('forgets unproved statements at the end of a connection, and no others', () => {
    const statements = new PeerStatements();
    const ids = idsOf(2);
    statements.ended(proved('p', 0), nothing);
    const before = statements.of('p').coversAsOf;
    assert.notEqual(before, null);
    statements.learnt('p', ids);
    statements.ended({ ...proved('p', 2), startedAt: 6, asOf: 6 }, nothing);
    statements.learnt('p', ids);
    statements.disconnected('p');
    stored(statements, ids);
    assert.equal(statements.of('p').coversAsOf, before);
    statements.ended({ ...proved('p', 2), startedAt: 7, asOf: 7 }, nothing);
    assert.equal(statements.of('p').coversAsOf, before, 'it is not known what that session found');
    statements.ended({ ...proved('p', 0), startedAt: 8, asOf: 8 }, nothing);
    assert.equal(statements.of('p').coversAsOf?.at, 8);
  });

  it('follows ids over all peers up to its limit, also in vain', () => {
    const statements = new PeerStatements();
    const ids = idsOf(100_000);
    const peers = Array.from({ length: 5 }, (_, i) => `peer ${i}`);
    for (const peer of peers) {
      statements.learnt(peer, ids);
      statements.ended(proved(peer, ids.length), nothing);
    }
    stored(statements, ids);
    const covered = () => peers.map((peer) => statements.of(peer).coversAsOf !== null);
    assert.deepEqual(covered(), [true, true, true, true, false]);
    statements.learnt(peers[4]!, ids);
    statements.ended(proved(peers[4]!, ids.length), nothing);
    stored(statements, ids);
    assert.deepEqual(covered(), [true, true, true, true, true]);
  });
});
