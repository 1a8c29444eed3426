import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import {
  DEFAULT_DISCOVERY_OPTIONS,
  type DiscoveryOptions,
} from '../../../../src/daemon/mesh/discovery/index.ts';
import { KnownPeers } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

describe('KnownPeers at its bounds', () => {
  let clock: VirtualClock;
  let connected: Set<string>;
  let changes: number;
  beforeEach(() => {
    clock = new VirtualClock();
    connected = new Set();
    changes = 0;
  });

  const create = (options: Partial<DiscoveryOptions> = {}, chance = 0) =>
    new KnownPeers({
      self: 'self',
      clock,
      random: { fraction: () => chance, bytes: (length) => new Uint8Array(length) },
      options: { ...DEFAULT_DISCOVERY_OPTIONS, maxAddresses: 3, jitter: 0, ...options },
      allowed: () => true,
      connected: (peer) => connected.has(peer),
      changed: () => changes++,
    });
  const hear = (known: KnownPeers, peer: string, sequence: number, addresses = [`at ${peer}`]) =>
    known.announced({ peer, addresses, sequence: BigInt(sequence) });
  const names = (known: KnownPeers) => known.all().map(({ peer }) => peer);
  const callable = (known: KnownPeers) => known.candidates().map(({ peer }) => peer);

  it('accepts announcements of a peer half a second apart, and no closer', async () => {
    const known = create();
    known.foundLocally('a', ['local']);
    assert.equal(hear(known, 'a', 1), 'news', 'the first may come at any time');
    for (let round = 1; round <= 2; round++) {
      await clock.advance(499);
      assert.equal(hear(known, 'a', 10 * round), 'stale');
      await clock.advance(1);
      assert.equal(hear(known, 'a', 10 * round), 'known');
    }
  });

  it('accepts a number up to a minute ahead for good, and one beyond it until a valid one arrives', async () => {
    for (const [ahead, verdict] of [
      [60_000, 'stale'],
      [60_001, 'known'],
    ] as const) {
      const known = create();
      hear(known, 'a', clock.now() + 500 + ahead);
      await clock.advance(500);
      assert.equal(hear(known, 'a', clock.now()), verdict, `${ahead} ms ahead`);
    }
    const known = create();
    hear(known, 'a', clock.now() + 90_000);
    await clock.advance(500);
    assert.equal(hear(known, 'a', clock.now() + 60_001), 'stale', 'as unsound as the one before');
    assert.equal(hear(known, 'a', clock.now() + 60_000), 'known');
  });

  it('reports news after more than ten minutes of silence', async () => {
    const known = create();
    hear(known, 'a', 1);
    await clock.advance(600_000);
    assert.equal(hear(known, 'a', 2), 'known');
    await clock.advance(600_001);
    assert.equal(hear(known, 'a', 3), 'news');
    connected.add('a');
    await clock.advance(600_000);
    known.lost('a', 0, false);
    await clock.advance(1);
    assert.equal(hear(known, 'a', 4), 'known', 'it was connected a moment ago');
    assert.equal(changes, 2);
  });

  it('keeps as many addresses as it may of each kind', () => {
    const known = create();
    const four = ['1', '2', '3', '4'];
    known.foundLocally('a', four);
    assert.deepEqual(known.addressesOf('a'), ['1', '2', '3']);
    hear(known, 'a', 1, ['x']);
    assert.deepEqual(known.addressesOf('a'), ['x', '1', '2']);
    known.restore([{ peer: 'b', addresses: four, heardAt: 0, reachedAt: null }]);
    assert.deepEqual(known.addressesOf('b'), ['1', '2', '3']);
    hear(known, 'b', 1, four);
    assert.deepEqual(known.addressesOf('b'), ['1', '2', '3']);
  });

  it('remembers where it reached a peer while the peer comes and goes, until it moves', async () => {
    const known = create();
    hear(known, 'a', 1, ['1', '2']);
    known.reached('a', '2');
    known.reached('a', null);
    assert.deepEqual(known.addressesOf('a'), ['2', '1']);
    await clock.advance(500);
    hear(known, 'a', 2, ['3', '1']);
    assert.deepEqual(known.addressesOf('a'), ['3', '1']);
    assert.equal(changes, 3, 'heard of, reached for the first time, moved');
    for (const peer of ['a', 'nobody']) {
      known.failed(peer);
      known.lost(peer, 0, false);
      known.reached(peer, null);
    }
    assert.deepEqual([known.has('a'), known.has('nobody'), changes], [true, false, 3]);
  });

  it('counts a change of order or number of addresses as a move', async () => {
    const known = create();
    for (const [i, addresses] of [['1', '2'], ['2', '1'], ['2'], ['2', '3']].entries()) {
      assert.equal(hear(known, 'a', i + 1, addresses), 'news', `${addresses}`);
      known.foundLocally('a', addresses);
      await clock.advance(500);
    }
    assert.equal(hear(known, 'a', 9, ['2', '3']), 'known');
    assert.equal(changes, 8);
  });

  it('avoids a peer for the configured time after its connection ended', async () => {
    const known = create({ shyMs: 5_000 });
    hear(known, 'a', 1);
    for (let round = 0; round < 2; round++) {
      known.lost('a', 10_000, false);
      await clock.advance(4_999);
      assert.deepEqual(known.candidates(), [{ peer: 'a', shy: true }]);
      await clock.advance(1);
      assert.deepEqual(known.candidates(), [{ peer: 'a', shy: false }]);
    }
  });

  it('returns to short rests once a connection has lasted or brought something', async () => {
    for (const [lastedMs, brought, pauseMs] of [
      [9_999, false, 8_000],
      [10_000, false, 1_000],
      [1, true, 1_000],
    ] as const) {
      const known = create();
      hear(known, 'a', 1);
      for (let i = 0; i < 3; i++) known.failed('a');
      known.lost('a', lastedMs, brought);
      await clock.advance(pauseMs - 1);
      assert.deepEqual(callable(known), [], `after ${lastedMs} ms`);
      await clock.advance(1);
      assert.deepEqual(callable(known), ['a'], `after ${lastedMs} ms`);
    }
  });

  it('shortens a rest by jitter, and never lengthens it', async () => {
    const known = create({ jitter: 0.5 }, 1);
    hear(known, 'a', 1);
    known.failed('a');
    await clock.advance(499);
    assert.deepEqual(callable(known), []);
    await clock.advance(1);
    assert.deepEqual(callable(known), ['a']);
  });

  it('ends the rest of a peer that moved, unless that is connected', async () => {
    const known = create();
    for (const peer of ['a', 'b']) {
      hear(known, peer, 1);
      known.failed(peer);
    }
    connected.add('b');
    await clock.advance(500);
    for (const peer of ['a', 'b']) assert.equal(hear(known, peer, 2, ['moved']), 'news');
    connected.delete('b');
    assert.deepEqual(callable(known), ['a']);
    known.failed('a');
    await clock.advance(500);
    assert.deepEqual(callable(known), ['b'], 'its rest is over now');
    await clock.advance(500);
    assert.deepEqual(callable(known), ['a', 'b'], 'the rests of a start small again');
  });

  it('forgets a silent and failing peer after the configured time, and reports the change', async () => {
    const known = create({ forgetMs: 10_000 });
    hear(known, 'a', 1);
    await clock.advance(9_999);
    known.failed('a');
    assert.equal(known.has('a'), true);
    const before = changes;
    await clock.advance(1);
    known.failed('a');
    assert.deepEqual([known.has('a'), changes], [false, before + 1]);
  });

  it('makes room by the least worth: never reached and failing, never reached, reached and failing', async () => {
    const known = create({ maxKnown: 4 });
    for (const peer of ['reached', 'reached failing', 'heard', 'heard failing']) {
      hear(known, peer, 1);
      await clock.advance(1);
    }
    for (const peer of ['reached', 'reached failing']) known.reached(peer, null);
    for (const peer of ['reached failing', 'heard failing']) known.failed(peer);
    assert.deepEqual(names(known), ['reached', 'reached failing', 'heard', 'heard failing']);
    const gone: string[] = [];
    let before = new Set(names(known));
    for (const peer of ['w', 'x', 'y']) {
      assert.equal(hear(known, peer, 1), 'news');
      known.reached(peer, null);
      const now = new Set(names(known));
      gone.push(...[...before].filter((name) => !now.has(name)));
      before = now;
    }
    assert.deepEqual(gone, ['heard failing', 'heard', 'reached failing']);
    assert.equal(hear(known, 'z', 1), 'unwanted', 'the others were reached and do not fail');
    connected.add('w');
    known.failed('w');
    assert.equal(hear(known, 'z', 1), 'unwanted', 'w is connected');
    connected.delete('w');
    assert.equal(hear(known, 'z', 1), 'news');
    assert.equal(known.has('w'), false);
  });

  it('ignores a failure of a peer that was announced elsewhere or reached meanwhile', async () => {
    const known = create({ maxKnown: 3 });
    for (const peer of ['moves', 'silent', 'answers']) {
      hear(known, peer, 1);
      await clock.advance(500);
    }
    known.failed('moves');
    hear(known, 'moves', 2, ['elsewhere']);
    known.failed('answers');
    known.reached('answers', null);
    await clock.advance(1);
    assert.equal(hear(known, 'new', 1), 'news');
    assert.deepEqual(names(known), ['answers', 'new', 'moves']);
    assert.equal(hear(known, 'newer', 1), 'news');
    assert.equal(known.has('moves'), false, 'the one heard of longest ago of two alike');
  });

  it('treats a peer found by multicast as reached while it is connected', async () => {
    const known = create();
    known.foundLocally('a', ['1']);
    assert.equal(known.all()[0]!.reachedAt, null);
    connected.add('a');
    await clock.advance(5);
    known.foundLocally('a', ['1']);
    const { reachedAt, heardAt } = known.all()[0]!;
    assert.deepEqual([reachedAt, heardAt], [clock.now(), clock.now()]);
    await clock.advance(5);
    known.lost('a', 0, false);
    assert.equal(known.all()[0]!.reachedAt, clock.now());
  });
});
