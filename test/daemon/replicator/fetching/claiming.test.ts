import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestKind } from '../../../../src/daemon/replicator/fetching/testing.ts';
import {
  Claiming,
  FetchSource,
  LargeItemGate,
  RunningRequest,
} from '../../../../src/daemon/replicator/fetching/testing.ts';
import {
  DEFAULT_REPLICATOR_OPTIONS,
  type ReplicatorOptions,
} from '../../../../src/daemon/replicator/index.ts';
import { BackOff } from '../../../../src/daemon/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { idOf, idsOf } from '../support.ts';

class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly wanted: ReconciliationSet = new ReconciliationSet();
  readonly running: RunningRequest[] = [];
  readonly sources: Map<string, FetchSource> = new Map();
  readonly gate: LargeItemGate;
  readonly claiming: Claiming;

  constructor(peers: readonly string[], change: Partial<ReplicatorOptions> = {}) {
    const options = {
      ...DEFAULT_REPLICATOR_OPTIONS,
      largeQuietMs: 100,
      largeWaitMs: 500,
      ...change,
    };
    this.gate = new LargeItemGate({ ...options, clock: this.clock, wake: () => undefined });
    this.claiming = new Claiming({ wanted: this.wanted, options, gate: this.gate });
    for (const peer of peers) {
      this.sources.set(peer, new FetchSource(peer, new BackOff({ baseMs: 1, maxMs: 1 })));
    }
  }

  source(peer: string): FetchSource {
    return this.sources.get(peer)!;
  }

  /** How many the peer is asked for, or null; the request runs from then on. */
  claim(peer: string, only = false): [RequestKind, number] | null {
    const source = this.source(peer);
    const ready = [...this.sources.values()];
    const claimed = this.claiming.claim(source, { only, ready, running: this.running });
    if (claimed === null) return null;
    const request = new RunningRequest({ source, clock: this.clock, ...claimed });
    this.running.push(request);
    source.requests.add(request);
    return [claimed.kind, claimed.ids.length];
  }

  /** The oldest request of the peer has ended; what it brought is not wanted any more. */
  end(peer: string): void {
    const request = this.running.find(({ source }) => source.peer === peer)!;
    this.running.splice(this.running.indexOf(request), 1);
    request.source.requests.delete(request);
    for (const id of request.ids) this.wanted.received(id);
  }

  want(peer: string, count: number, from = 0): void {
    this.wanted.add(peer, idsOf(count, from));
  }

  wantLarge(peer: string, count: number, bytes = 1_000_000, from = 1_000): void {
    this.want(peer, count, from);
    for (const id of idsOf(count, from)) this.wanted.enlarge(id, { peer, bytes });
  }

  /** The peer has shown that it brings so many ids a millisecond, and bytes an item. */
  measured(peer: string, ids: number, bytes: number, ms: number): void {
    this.source(peer).throughput.note({
      kind: 'small',
      answered: ids,
      items: ids,
      bytes: ids * bytes,
      streamedMs: ms,
    });
  }
}

describe('the size of a request to a source', () => {
  it('is at most a full request, and one item where only one may be asked for', () => {
    const rig = new Rig(['a'], { batchItems: 20, requestsPerPeer: 1 });
    rig.want('a', 100);
    assert.deepEqual(rig.claim('a'), ['small', 20]);
    assert.deepEqual(rig.claim('a', true), ['small', 1]);
    assert.equal(rig.wanted.claimed, 21);
  });

  it('is the share of the source among all that may be asked and their requests', () => {
    const rig = new Rig(['a', 'b'], { requestsPerPeer: 2 });
    rig.measured('a', 1_000, 10, 10);
    rig.want('a', 121);
    assert.deepEqual(rig.claim('a'), ['small', 31]);
    assert.deepEqual(rig.claim('a'), ['small', 23]);
    assert.deepEqual(rig.claim('a'), ['small', 17]);
    assert.deepEqual(rig.claim('a'), ['small', 16], 'the share gets no smaller');
  });

  it('is limited by the throughput of the source, and by bytes', () => {
    const rig = new Rig(['a', 'b'], { requestMs: 100, requestBytes: 4_000, requestsPerPeer: 1 });
    rig.measured('a', 100, 10, 400);
    rig.measured('b', 100, 100, 10);
    for (const peer of ['a', 'b']) rig.want(peer, 500);
    assert.deepEqual(rig.claim('a'), ['small', 25]);
    assert.deepEqual(rig.claim('b'), ['small', 40]);
  });
});

describe('large items', () => {
  it('wait for small ones, and are requested where there are none', () => {
    const rig = new Rig(['a']);
    rig.want('a', 1);
    rig.wantLarge('a', 1);
    assert.deepEqual(rig.claim('a'), ['small', 1]);
    assert.deepEqual(rig.claim('a'), ['large', 1]);
    assert.equal(rig.claim('a'), null);
  });

  it('wait until no small one has arrived for a while', async () => {
    const rig = new Rig(['a']);
    rig.wantLarge('a', 2);
    for (const _ of [1, 2]) {
      rig.gate.noteSmall();
      assert.equal(rig.claim('a'), null);
      await rig.clock.advance(100);
      assert.equal(rig.claim('a')![0], 'large');
      rig.end('a');
      rig.wantLarge('a', 2);
    }
  });

  it('go first once they are overdue, without the next one', async () => {
    const rig = new Rig(['a'], { batchItems: 1, maxLargeRequests: 1 });
    rig.want('a', 50);
    rig.wantLarge('a', 2, 10_000_000);
    for (const _ of [1, 2]) {
      assert.deepEqual(rig.claim('a'), ['small', 1]);
      await rig.clock.advance(499);
      assert.deepEqual(rig.claim('a'), ['small', 1]);
      await rig.clock.advance(1);
      assert.deepEqual(rig.claim('a'), ['large', 1]);
      for (let i = 0; i < 3; i++) rig.end('a');
    }
  });

  it('wait where they do not fit the memory beside those under way', async () => {
    const rig = new Rig(['a', 'b', 'c'], { largeBytes: 5_000_000, requestBytes: 1 });
    rig.wantLarge('a', 1, 3_000_000, 1_000);
    rig.wantLarge('b', 1, 2_000_001, 2_000);
    rig.wantLarge('c', 1, 2_000_000, 3_000);
    await rig.clock.advance(10_000);
    assert.deepEqual(rig.claim('a'), ['large', 1]);
    assert.equal(rig.claiming.crowded, false);
    rig.gate.overdue();
    await rig.clock.advance(10_000);
    rig.want('b', 1);
    assert.deepEqual(rig.claim('b'), ['small', 1], 'a byte too many, and small ones need not wait');
    assert.equal(rig.claiming.crowded, true);
    assert.equal(rig.claim('c'), null, 'it does not pass those that wait');
    rig.claiming.newRound();
    assert.deepEqual(rig.claim('c'), ['large', 1], 'at the bound');
    rig.end('c');
    rig.end('a');
    await rig.clock.advance(10_000);
    assert.deepEqual(rig.claim('b'), ['large', 1], 'it was given back, and has room now');
    rig.end('b');
    rig.end('b');
    rig.wantLarge('a', 1, 9_000_000, 4_000);
    await rig.clock.advance(10_000);
    assert.deepEqual(rig.claim('a'), ['large', 1], 'alone it may be longer');
  });

  it('wait no longer for large items that waited before them', async () => {
    const rig = new Rig(['a'], { batchItems: 1 });
    rig.want('a', 50);
    rig.wantLarge('a', 1);
    assert.deepEqual(rig.claim('a'), ['small', 1]);
    await rig.clock.advance(400);
    rig.wanted.received(idOf(1_000));
    assert.deepEqual(rig.claim('a'), ['small', 1]);
    rig.wantLarge('a', 1);
    await rig.clock.advance(400);
    assert.deepEqual(rig.claim('a'), ['small', 1], 'its own wait has just begun');
  });

  it('are limited to one request to a peer, and to a number in all', () => {
    const rig = new Rig(['a', 'b', 'c'], { maxLargeRequests: 2, largeBytes: 20_000_000 });
    rig.wantLarge('a', 40, 10_000_000);
    for (const peer of ['b', 'c']) rig.wanted.mirror(peer, 'a');
    for (const _ of [1, 2]) {
      assert.deepEqual(rig.claim('a'), ['large', 1]);
      assert.equal(rig.claim('a'), null, 'one at a time');
      assert.deepEqual(rig.claim('b'), ['large', 1]);
      assert.equal(rig.claim('c'), null, 'two in all');
      rig.end('a');
      assert.deepEqual(rig.claim('c'), ['large', 1]);
      rig.end('b');
      rig.end('c');
    }
  });

  it('are shared out, up to 64 in a request, limited in bytes', () => {
    const rig = new Rig(['a', 'b'], { maxLargeRequests: 4 });
    for (const peer of ['a', 'b']) rig.wantLarge(peer, 10, 1_000);
    assert.deepEqual(rig.claim('a'), ['large', 5]);
    rig.end('a');
    for (const peer of ['a', 'b']) rig.wantLarge(peer, 200, 1_000, 2_000);
    assert.deepEqual(rig.claim('a'), ['large', 64]);
    const few = new Rig(['a', 'b', 'c'], { maxLargeRequests: 2 });
    few.wantLarge('a', 9, 1_000);
    assert.deepEqual(few.claim('a'), ['large', 5], 'by the requests there may be');
  });

  it('are requested up to a mebibyte from an unknown peer, and by its throughput later', () => {
    const unknown = new Rig(['a']);
    unknown.wantLarge('a', 10, 262_144);
    assert.deepEqual(unknown.claim('a'), ['large', 4]);
    const known = new Rig(['a'], { requestMs: 100 });
    known.measured('a', 1, 50_000, 10);
    known.wantLarge('a', 10, 100_000);
    assert.deepEqual(known.claim('a'), ['large', 5]);
    const bounded = new Rig(['a'], { requestBytes: 300_000 });
    bounded.wantLarge('a', 10, 100_000);
    assert.deepEqual(bounded.claim('a'), ['large', 3]);
  });

  it('are requested one by one where only one may be, or from a failed peer', () => {
    const rig = new Rig(['a']);
    rig.wantLarge('a', 10, 1_000);
    assert.deepEqual(rig.claim('a', true), ['large', 1]);
    rig.end('a');
    rig.source('a').backOff.next();
    assert.deepEqual(rig.claim('a'), ['large', 1]);
  });

  it('are left to a better source after a failure, if one lists them and may be asked', () => {
    const rig = new Rig(['a', 'b']);
    for (const peer of ['a', 'b']) rig.wantLarge(peer, 1);
    rig.source('a').backOff.next();
    assert.equal(rig.claim('a'), null);
    assert.equal(rig.wanted.claimed, 0, 'it is given back');
    rig.source('b').backOff.next();
    assert.deepEqual(rig.claim('a'), ['large', 1], 'the other one failed too');
    const alone = new Rig(['a', 'b']);
    alone.wantLarge('a', 1);
    alone.source('a').backOff.next();
    assert.deepEqual(alone.claim('a'), ['large', 1], 'no other has it');
    assert.equal(alone.wanted.claimed, 1);
  });
});
