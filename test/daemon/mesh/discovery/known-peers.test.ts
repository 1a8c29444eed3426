import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_DISCOVERY_OPTIONS } from '../../../../src/daemon/mesh/discovery/index.ts';
import { KnownPeers, type KnownPeersInit } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { assertProperty } from '../../../support/property.ts';
import { SeededRandom } from '../../../support/random.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

describe('KnownPeers', () => {
  let clock: VirtualClock;
  let connected: Set<string>;
  let changes: number;
  beforeEach(() => {
    clock = new VirtualClock();
    connected = new Set();
    changes = 0;
  });

  const create = (init: Partial<KnownPeersInit> = {}, maxKnown = 4) =>
    new KnownPeers({
      self: 'self',
      clock,
      random: new SeededRandom('known'),
      options: { ...DEFAULT_DISCOVERY_OPTIONS, maxKnown, maxAddresses: 3, jitter: 0 },
      allowed: () => true,
      connected: (peer) => connected.has(peer),
      changed: () => changes++,
      ...init,
    });
  const hear = (known: KnownPeers, peer: string, sequence = 1, addresses = [`at ${peer}`]) =>
    known.announced({ peer, addresses, sequence: BigInt(sequence) });
  const names = (known: KnownPeers) => known.all().map(({ peer }) => peer);
  const callable = (known: KnownPeers) => known.candidates().map(({ peer }) => peer);

  it('accepts newer announcements, no repeats, and a limited number', async () => {
    const known = create();
    assert.equal(hear(known, 'a', 5), 'news');
    assert.equal(hear(known, 'a', 5), 'stale');
    assert.equal(hear(known, 'a', 6), 'stale');
    await clock.advance(1_000);
    assert.equal(hear(known, 'a', 4), 'stale');
    assert.equal(hear(known, 'a', 6), 'known');
    await clock.advance(1_000);
    assert.equal(hear(known, 'a', 7, ['elsewhere']), 'news');
    assert.deepEqual(known.addressesOf('a'), ['elsewhere']);
    assert.equal(changes, 2);
  });

  it('accepts a node again whose clock was ahead and is right now', async () => {
    const known = create();
    const now = () => clock.now();
    assert.equal(hear(known, 'a', now() + DAY, ['wrong']), 'news');
    await clock.advance(1_000);
    assert.equal(hear(known, 'a', now() + DAY - MINUTE), 'stale', 'a repeat');
    assert.equal(hear(known, 'a', now(), ['right']), 'news');
    assert.deepEqual(known.addressesOf('a'), ['right']);
    const told = now();
    await clock.advance(1_000);
    assert.equal(hear(known, 'a', told), 'stale');
    assert.equal(hear(known, 'a', now(), ['right']), 'known');
  });

  it('accepts neither this node nor peers without access', () => {
    const known = create({ allowed: (peer) => peer !== 'stranger' });
    assert.equal(hear(known, 'self'), 'unwanted');
    assert.equal(hear(known, 'stranger'), 'unwanted');
    known.foundLocally('stranger', ['x']);
    known.restore([{ peer: 'stranger', addresses: ['x'], heardAt: 0, reachedAt: null }]);
    assert.equal(known.size, 0);
  });

  it('keeps a bounded number of addresses, the one that worked first', () => {
    const known = create();
    hear(known, 'a', 1, ['1', '2', '3', '4']);
    known.foundLocally('a', ['5']);
    assert.deepEqual(known.addressesOf('a'), ['1', '2', '3']);
    known.reached('a', '3');
    assert.deepEqual(known.addressesOf('a'), ['3', '1', '2']);
    assert.deepEqual(known.addressesOf('b'), []);
  });

  it('keeps addresses from multicast beside announced ones', async () => {
    const known = create();
    known.foundLocally('a', ['local']);
    assert.equal(hear(known, 'a', 1, ['distant']), 'news');
    known.foundLocally('a', ['local']);
    assert.deepEqual(known.addressesOf('a'), ['distant', 'local']);
    assert.equal(changes, 2);
  });

  it('makes room by forgetting the oldest that was never reached, failing ones first', async () => {
    const known = create();
    for (const peer of ['a', 'b', 'c', 'd']) {
      hear(known, peer);
      await clock.advance(MINUTE);
    }
    known.failed('c');
    assert.equal(hear(known, 'e'), 'news');
    assert.equal(hear(known, 'f'), 'news');
    assert.deepEqual(names(known).sort(), ['b', 'd', 'e', 'f']);
  });

  it('does not drop a reached peer for announced ones', () => {
    const known = create();
    for (const peer of ['a', 'b', 'c', 'd']) {
      hear(known, peer);
      known.reached(peer, null);
    }
    assert.equal(hear(known, 'e'), 'unwanted');
    connected.add('a');
    for (const peer of ['a', 'b']) known.failed(peer);
    assert.equal(hear(known, 'e'), 'news');
    assert.deepEqual(names(known).sort(), ['a', 'c', 'd', 'e']);
  });

  it('lets a peer rest longer after each failure, and not for ever', async () => {
    const known = create();
    hear(known, 'a');
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000]) {
      assert.deepEqual(callable(known), ['a']);
      known.failed('a');
      await clock.advance(pauseMs - 1);
      assert.deepEqual(callable(known), []);
      await clock.advance(1);
    }
    for (let i = 0; i < 20; i++) known.failed('a');
    await clock.advance(300_000);
    assert.deepEqual(callable(known), ['a']);
  });

  it('goes on resting when it is heard and cannot be reached', async () => {
    const known = create();
    for (let i = 1; i <= 9; i++) {
      hear(known, 'a', i);
      known.failed('a');
      await clock.advance(1_000);
    }
    assert.deepEqual(callable(known), []);
  });

  it('retries a peer at once that is announced after a long silence', async () => {
    const known = create();
    hear(known, 'a');
    await clock.advance(20 * MINUTE);
    for (let i = 0; i < 9; i++) known.failed('a');
    assert.deepEqual(callable(known), []);
    assert.equal(hear(known, 'a', 2), 'news');
    assert.deepEqual(callable(known), ['a']);
  });

  it('forgets a peer that is silent and fails for a day, counted from the start', async () => {
    const known = create();
    const longAgo = clock.now() - 9 * DAY;
    known.restore([{ peer: 'a', addresses: ['x'], heardAt: longAgo, reachedAt: null }]);
    for (let i = 0; i < 23; i++) {
      known.failed('a');
      await clock.advance(DAY / 24);
    }
    assert.equal(known.size, 1);
    await clock.advance(DAY / 24);
    known.failed('a');
    assert.equal(known.size, 0);
  });

  it('keeps the last few that it reached, however long they are silent', async () => {
    const known = create({}, 100);
    for (let i = 0; i < 20; i++) {
      hear(known, `p${i}`);
      known.reached(`p${i}`, null);
      await clock.advance(1_000);
    }
    hear(known, 'never reached');
    for (let days = 0; days < 3; days++) {
      await clock.advance(DAY + 1);
      for (const name of names(known)) known.failed(name);
    }
    const last = Array.from({ length: 16 }, (_, i) => `p${i + 4}`);
    assert.deepEqual(names(known).sort(), last.sort());
  });

  it('avoids a peer for a while after its connection ended', async () => {
    const known = create();
    hear(known, 'a');
    known.lost('a', MINUTE, false);
    await clock.advance(2_000);
    assert.deepEqual(known.candidates(), [{ peer: 'a', shy: true }]);
    await clock.advance(MINUTE);
    assert.deepEqual(known.candidates(), [{ peer: 'a', shy: false }]);
  });

  it('offers no peer that is connected or has no address', () => {
    const known = create();
    hear(known, 'a');
    hear(known, 'b', 1, []);
    connected.add('a');
    assert.deepEqual(callable(known), []);
    assert.equal(known.size, 2);
  });

  it('restores its saved peers, and corrects times of a clock that ran ahead', () => {
    const known = create();
    hear(known, 'a');
    known.reached('a', null);
    const other = create();
    other.restore(known.all());
    assert.deepEqual(other.all(), known.all());
    other.restore([{ peer: 'b', addresses: ['x'], heardAt: 9e15, reachedAt: 9e15 }]);
    assert.equal(other.all().find(({ peer }) => peer === 'b')!.heardAt, clock.now());
  });

  it('never holds more peers than its bound', () => {
    const peer = fc.nat(20).map((i) => `p${i}`);
    const step = fc.oneof(
      fc.tuple(fc.constant('hear' as const), peer),
      fc.tuple(fc.constant('fail' as const), peer),
      fc.tuple(fc.constant('reach' as const), peer),
      fc.tuple(fc.constant('lose' as const), peer),
      fc.tuple(fc.constant('find' as const), peer),
    );
    assertProperty(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const known = create();
        let sequence = 0;
        for (const [what, name] of steps) {
          if (what === 'hear') hear(known, name, ++sequence);
          if (what === 'fail') known.failed(name);
          if (what === 'reach') known.reached(name, null);
          if (what === 'lose') known.lost(name, 1, false);
          if (what === 'find') known.foundLocally(name, ['x']);
          assert.ok(known.size <= 4);
        }
      }),
    );
  });
});
