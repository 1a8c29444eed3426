import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type VerdictFacts, verdictOf } from '../../../src/daemon/node/testing.ts';

const NOW = 1_700_000_060_000;

const PEER = {
  peer: 'p',
  inSync: false,
  coversAsOf: { at: NOW - 4_000 },
  late: false,
  error: null,
  refused: 0,
  refusedThere: 0,
  terms: { gives: true, takes: true },
  gap: { lasting: 0, unlisted: 0 },
  clockApart: null,
};

function verdict(changes: Partial<VerdictFacts> = {}) {
  return verdictOf({
    closed: false,
    indexed: true,
    rebuilding: null,
    wanted: 0,
    orphans: 0,
    refused: 0,
    refusing: null,
    catchUp: null,
    paused: null,
    peers: [PEER],
    connected: 1,
    trouble: null,
    twins: null,
    now: NOW,
    ...changes,
  });
}

describe('the verdict', () => {
  it('is that the sets are in sync while the proofs of all peers are young', () => {
    const reason = 'all items that the connected peer held 4 s ago are here';
    assert.deepEqual(verdict(), { state: 'in-sync', reason, lagSeconds: 4 });
    const older = { ...PEER, coversAsOf: { at: NOW - 9_940 } };
    const two = verdict({ peers: [PEER, older] });
    assert.deepEqual([two.state, two.lagSeconds], ['in-sync', 9.9]);
    assert.match(two.reason, /the 2 connected peers held 9\.9 s ago/);
    const equal = verdict({ peers: [{ ...older, inSync: true }], orphans: 1, wanted: 1 });
    assert.equal(
      equal.reason,
      'the sets of this node and of the connected peer were equal 9.9 s ago, and no change since is known; ' +
        '1 item wanted that no connected peer has',
    );
    const ageless = verdict({ peers: [{ ...PEER, inSync: true, coversAsOf: null }] });
    assert.equal(
      ageless.reason,
      'the sets of this node and of the connected peer are known to be equal',
    );
  });

  it('names the items that are refused here, the most of a peer', () => {
    const refusing = [1, 3, 2].map((refused) => ({ ...PEER, refused }));
    const { state, reason } = verdict({ peers: refusing });
    assert.equal(state, 'in-sync');
    assert.match(reason, /4 s ago are here, but for 3 items refused here$/);
    const there = verdict({ peers: [{ ...PEER, inSync: true, refused: 1, refusedThere: 2 }] });
    assert.match(there.reason, /, but for 1 item refused here and 2 items refused by a peer$/);
  });

  it('rests on no peer that gives nothing: with none but such peers nothing is compared', () => {
    const silent = { ...PEER, peer: 'w', coversAsOf: null, terms: { gives: false, takes: true } };
    const alone = verdict({ peers: [silent] });
    assert.deepEqual(alone, {
      state: 'alone',
      reason:
        'no connected peer shows its items, so nothing is compared; ' +
        'w gives nothing: this node is in access.write there',
      lagSeconds: null,
    });
    const two = verdict({ peers: [PEER, silent], connected: 2 });
    assert.deepEqual([two.state, two.lagSeconds], ['in-sync', 4]);
    assert.match(two.reason, /^all items that 1 of the 2 connected peers held .*; w gives nothing/);
  });

  it('says that a peer takes nothing of this node', () => {
    const reader = { ...PEER, terms: { gives: true, takes: false } };
    const { state, reason } = verdict({ peers: [reader] });
    assert.equal(state, 'in-sync');
    assert.match(reason, /4 s ago are here; p takes nothing: this node is in access\.read there$/);
  });

  it('names the session that failed since the proof, while the proof is young', () => {
    const error = { code: 'STREAM_FAILED', message: 'the peer reset the stream' };
    const { state, reason } = verdict({ peers: [PEER, { ...PEER, peer: 'q', error }] });
    assert.equal(state, 'in-sync');
    assert.match(
      reason,
      /held 4 s ago are here; the last session with q failed since then: the peer reset the stream \[STREAM_FAILED\]$/,
    );
  });

  it('is that replication is paused, also when the sets were equal', () => {
    const all = verdict({ paused: { all: true, here: 1, connected: 1 } });
    assert.equal(all.state, 'paused');
    assert.match(all.reason, /with all peers: nothing is compared until "rangemesh resume"/);
    const some = verdict({ paused: { all: false, here: 1, connected: 3 } });
    assert.match(some.reason, /with 1 of 3 connected peers/);
    const full = verdict({
      paused: { all: true, here: 0, connected: 0 },
      refusing: { code: 'DISK_FULL', message: 'full' },
    });
    assert.equal(full.state, 'refusing', 'troubles of the store come first');
  });

  it('is that this node is behind when a proof is missing or late, with the reason', () => {
    const unproved = verdict({
      peers: [PEER, { ...PEER, coversAsOf: null }],
      wanted: 3,
      orphans: 1,
    });
    assert.deepEqual([unproved.state, unproved.lagSeconds], ['behind', null]);
    assert.match(unproved.reason, /not proved yet that all items of p are here; 2 items known to/);
    const error = { code: 'TIMEOUT', message: 'too slow' };
    const late = verdict({ peers: [{ ...PEER, late: true, error }] });
    assert.deepEqual([late.state, late.lagSeconds], ['behind', 4]);
    assert.match(late.reason, /since 2023-11-14T.*; the last session failed: too slow \[TIMEOUT\]/);
    const stopped = { ...PEER, inSync: true, coversAsOf: null };
    assert.equal(
      verdict({ peers: [stopped] }).state,
      'in-sync',
      'equal, by a dialect without proofs',
    );
  });

  it('is that sets are different where items of peers are refused', () => {
    const { state, reason } = verdict({ refused: 2, peers: [{ ...PEER, late: true }] });
    assert.equal(state, 'different');
    assert.match(reason, /^2 items of peers above limits\.maxItemBytes/);
  });

  it('is that the sets are different while the index hides an item, or a peer goes on lacking one', () => {
    const hidden = { ...PEER, peer: 'q', gap: { lasting: 1, unlisted: 2 } };
    const index = verdict({ peers: [PEER, hidden, { ...PEER, late: true }] });
    assert.equal(index.state, 'different');
    assert.match(
      index.reason,
      /^2 items of q held here and missing in the index: run "rangemesh verify"/,
    );
    const lacking = { ...PEER, peer: 'q', gap: { lasting: 1, unlisted: 0 } };
    const peer = verdict({ peers: [PEER, lacking] });
    assert.deepEqual([peer.state, peer.lagSeconds], ['different', 4]);
    assert.match(peer.reason, /^all items of the peers are here, and q goes on lacking 1 item of/);
    const late = verdict({ peers: [lacking, { ...PEER, late: true }] });
    assert.equal(late.state, 'behind', 'the own set comes first');
  });

  it('is never that the sets are in sync while a clock is so wrong that new items are left out', () => {
    const apart = { code: 'CLOCKS_APART', message: 'The clock of q is slow' };
    const slow = { ...PEER, peer: 'q', inSync: true, late: true, clockApart: apart };
    const { state, reason } = verdict({ peers: [PEER, slow] });
    assert.equal(state, 'different');
    assert.equal(
      reason,
      'nothing proves that the newest items are on both sides. The clock of q is slow [CLOCKS_APART]',
    );
    const silent = { ...slow, terms: { gives: false, takes: true } };
    assert.equal(verdict({ peers: [PEER, silent] }).state, 'in-sync', 'a peer that shows nothing');
  });

  it('is that this node is alone where no peer can be compared with', () => {
    const none = verdict({ peers: [], connected: 0, refused: 1 });
    assert.deepEqual([none.state, none.lagSeconds], ['alone', null]);
    assert.equal(none.reason, 'no peer is connected, so nothing is compared');
    const trouble = { code: 'DIAL_FAILED', message: 'nothing there' };
    assert.equal(
      verdict({ peers: [], trouble }).reason,
      'no connected peer can be compared with, so nothing is compared. nothing there [DIAL_FAILED]',
    );
  });

  it('is never that the sets are in sync while two running nodes have one identity', () => {
    const twins = { code: 'SAME_IDENTITY', message: 'Two nodes are p' };
    const { state, reason } = verdict({ twins, peers: [{ ...PEER, inSync: true }] });
    assert.equal(state, 'behind');
    assert.match(
      reason,
      /^nothing proves that all items of both nodes are here\. Two nodes are p \[SAME_IDENTITY\]$/,
    );
  });

  it('is first of all about the store, then about catching up', () => {
    const refusing = { code: 'SET_FULL', message: 'no room' };
    const catchUp = { missing: 5, estimated: false };
    const all = { closed: true, indexed: false, refusing, catchUp, peers: [], refused: 1 };
    const rebuilding = { items: 1, of: 2 };
    const corrupt = { code: 'STORE_CORRUPT', message: 'damaged' };
    const seen = [
      verdict({ ...all, rebuilding }),
      verdict({ ...all, closed: false, refusing: corrupt, rebuilding }),
      verdict({ ...all, closed: false, rebuilding }),
      verdict({ ...all, closed: false }),
      verdict({ ...all, closed: false, refusing: null }),
      verdict({ ...all, closed: false, indexed: true, refusing: null }),
      verdict({ indexed: true, catchUp: { missing: 1, estimated: true } }),
    ].map(({ state, reason }) => `${state}: ${reason}`);
    assert.deepEqual(seen, [
      'stopping: the daemon is shutting down',
      'unreadable: damaged',
      'rebuilding: the index is being built again (1 of 2 items): until then nothing is compared',
      'refusing: no items are taken: no room',
      'rebuilding: the database is being opened again',
      'catching-up: 5 items still to come, known to be missing',
      'catching-up: 1 item still to come, by what peers say',
    ]);
  });
});
