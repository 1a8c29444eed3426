import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { DiscoveryOptions } from '../../../../src/daemon/mesh/discovery/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { assertProperty } from '../../../support/property.ts';
import { FakeNetwork, type NodeInit } from './support.ts';

const MINUTE = 60_000;
const NEVER = 1e9;

describe('ConnectionManager', () => {
  let clock: VirtualClock;
  let network: FakeNetwork;
  beforeEach(() => {
    clock = new VirtualClock();
    network = new FakeNetwork(clock);
  });
  afterEach(() => network.stop());

  function start(name: string, options: Partial<DiscoveryOptions>, init: NodeInit = {}) {
    const node = network.add(name, { ...init, options });
    node.keeper.start();
    return node;
  }

  function many(count: number, options: Partial<DiscoveryOptions>, prefix = 'n'): string[] {
    const names = Array.from({ length: count }, (_, i) => `${prefix}${i}`);
    for (const name of names) start(name, options);
    return names;
  }

  it('builds a connected graph of 50 nodes with degree 6, and then rests', async () => {
    network.introduce(many(50, { degree: 6, rebalanceMs: NEVER }));
    await clock.advance(20_000);
    assert.ok(Math.min(...network.degrees) >= 6, `${network.degrees}`);
    assert.equal(network.reach, 50);
    await clock.advance(4 * MINUTE);
    assert.ok(Math.min(...network.degrees) >= 6, `${network.degrees}`);
    assert.ok(Math.max(...network.degrees) <= 12, `${network.degrees}`);
    assert.equal(network.reach, 50);
    const { opened, closed } = network;
    await clock.advance(5 * MINUTE);
    assert.deepEqual([network.opened, network.closed], [opened, closed]);
  });

  it('reaches its degree and keeps its bounds in any mesh', async () => {
    const meshes = fc.record({
      seed: fc.nat(),
      count: fc.integer({ min: 2, max: 25 }),
      degree: fc.integer({ min: 1, max: 6 }),
      named: fc.nat(24),
    });
    await assertProperty(
      fc.asyncProperty(meshes, async ({ seed, count, degree, named }) => {
        clock = new VirtualClock();
        network = new FakeNetwork(clock);
        const options = { degree, graceMs: 5_000, rebalanceMs: NEVER };
        const names = Array.from({ length: count }, (_, i) => `${seed}-${i}`);
        const hub = names[named % count]!;
        for (const name of names)
          start(name, options, { configured: name === hub ? names : [hub] });
        for (const name of names) if (name !== hub) network.connect(name, hub);
        network.introduce(names);
        await clock.advance(3 * MINUTE);
        const rest = names.filter((name) => name !== hub).map((name) => network.nodes.get(name)!);
        for (const { peers } of rest) {
          assert.ok(peers.size >= Math.min(degree, count - 1), `${network.degrees}`);
          assert.ok(peers.size <= 2 * degree, `${network.degrees}`);
        }
        assert.equal(network.nodes.get(hub)!.peers.size, count - 1);
        network.stop();
      }),
      { numRuns: 20 },
    );
  });

  it('stays connected and in its bounds while it mixes', async () => {
    network.introduce(many(20, { degree: 3, rebalanceMs: MINUTE, graceMs: 10_000 }));
    await clock.advance(2 * MINUTE);
    const { closed } = network;
    for (let i = 0; i < 10; i++) {
      await clock.advance(MINUTE);
      assert.equal(network.reach, 20);
      assert.ok(Math.min(...network.degrees) >= 2, `${network.degrees}`);
      assert.ok(Math.max(...network.degrees) <= 7, `${network.degrees}`);
    }
    assert.ok(network.closed - closed > 20);
  });

  it('grows a bridge between two meshes into many', async () => {
    const options = { degree: 4, rebalanceMs: MINUTE, graceMs: 10_000 };
    const [left, right] = [many(12, options, 'l'), many(12, options, 'r')];
    network.introduce(left);
    network.introduce(right);
    await clock.advance(MINUTE);
    assert.equal(network.reach, 12);
    network.connect('l0', 'r0');
    network.introduce([...left, ...right]);
    await clock.advance(8 * MINUTE);
    const across = left.flatMap((name) =>
      [...network.nodes.get(name)!.peers].filter((peer) => peer.startsWith('r')),
    );
    assert.ok(across.length >= 6, `${across.length}`);
  });

  it('never closes a peer that the configuration names', async () => {
    const names = Array.from({ length: 9 }, (_, i) => `n${i}`);
    const hub = start('hub', { degree: 2, graceMs: 0 }, { configured: names });
    for (const name of names) start(name, { degree: 1 });
    for (const name of names) network.connect(name, 'hub');
    await clock.advance(5 * MINUTE);
    assert.equal(hub.peers.size, 9);
    assert.deepEqual(hub.dialled, []);
  });

  it('closes surplus peers after their time unless they are busy, and never the oldest', async () => {
    const hub = start('hub', { degree: 2, graceMs: MINUTE, rebalanceMs: NEVER });
    for (let i = 0; i < 6; i++) {
      network.add(`n${i}`, {});
      network.connect(`n${i}`, 'hub');
      await clock.advance(10);
    }
    hub.busy.add('n4');
    await clock.advance(MINUTE - 1_000);
    assert.equal(hub.peers.size, 6);
    await clock.advance(MINUTE);
    assert.deepEqual([...hub.peers], ['n0', 'n1', 'n4']);
  });

  it('closes surplus peers one every few seconds', async () => {
    const hub = start('hub', { degree: 2, graceMs: 0, rebalanceMs: NEVER });
    for (let i = 0; i < 6; i++) {
      network.add(`n${i}`, {});
      network.connect(`n${i}`, 'hub');
    }
    await clock.advance(1_500);
    assert.equal(hub.peers.size, 5);
    await clock.advance(1_000);
    assert.equal(hub.peers.size, 5);
    await clock.advance(15_000);
    assert.equal(hub.peers.size, 3);
  });

  it('keeps a peer that returns after it was closed', async () => {
    const hub = start('hub', { degree: 1, graceMs: 0, rebalanceMs: NEVER });
    for (const name of ['a', 'b', 'c']) {
      network.add(name, {});
      network.connect(name, 'hub');
      await clock.advance(10);
    }
    await clock.advance(MINUTE);
    assert.deepEqual([...hub.peers], ['a', 'b']);
    for (const name of ['c', 'd']) {
      if (name === 'd') network.add(name, {});
      network.connect(name, 'hub');
      await clock.advance(MINUTE);
    }
    assert.deepEqual([...hub.peers], ['a', 'c']);
    assert.equal(network.closed, 3);
  });

  it('keeps some peers that it chose itself, and insistent ones for an hour at most', async () => {
    const hub = start('hub', { degree: 2, graceMs: 0, rebalanceMs: 5 * MINUTE });
    network.add('honest');
    hub.hear('honest');
    await clock.advance(2_000);
    assert.ok(hub.peers.has('honest'));
    const insisting = Array.from({ length: 6 }, (_, i) => `i${i}`);
    for (const name of insisting) network.add(name);
    for (let round = 0; round < 10; round++) {
      for (const name of insisting) network.connect(name, 'hub');
      await clock.advance(MINUTE);
    }
    assert.ok(hub.peers.has('honest'), `${[...hub.peers]}`);
    assert.equal(hub.peers.size, 7, 'they came back');
    await clock.advance(70 * MINUTE);
    assert.ok(hub.peers.has('honest'), `${[...hub.peers]}`);
    assert.ok(hub.peers.size <= 4, `${[...hub.peers]}`);
  });

  it('backs off from unreachable peers, and finds them when they are back', async () => {
    const node = start('a', { degree: 2, jitter: 0, maxMs: 60_000 });
    network.add('b');
    network.down.add('b');
    node.hear('b');
    await clock.advance(4 * MINUTE);
    assert.ok(node.dialled.length >= 6 && node.dialled.length <= 10, `${node.dialled.length}`);
    network.down.delete('b');
    await clock.advance(MINUTE + 5_000);
    assert.deepEqual([...node.peers], ['b']);
  });

  it('dials a peer at once that is announced at a new address', async () => {
    const node = start('a', { degree: 2, jitter: 0 });
    network.add('b');
    network.down.add('b');
    node.hear('b', 1);
    await clock.advance(10 * MINUTE);
    network.down.delete('b');
    node.known.announced({ peer: 'b', addresses: ['b2'], sequence: 2n });
    await clock.advance(1_000);
    assert.deepEqual([...node.peers], ['b']);
  });

  it('dials another peer when a connection ends', async () => {
    const node = start('a', { degree: 1, rebalanceMs: NEVER });
    for (const name of ['b', 'c']) {
      network.add(name);
      node.hear(name);
    }
    await clock.advance(2_000);
    const [first] = node.peers;
    network.disconnect('a', first!);
    await clock.advance(2_000);
    const [second] = node.peers;
    assert.notEqual(second, first);
    assert.equal(node.peers.size, 1);
  });

  it('dials no addresses on hearsay while too many are dialled, but those that led to a peer', async () => {
    const node = start('a', { degree: 2, shyMs: 0, baseMs: 100 });
    start('b', {});
    node.hear('b');
    await clock.advance(2_000);
    assert.deepEqual(node.dialled, ['b']);
    node.ready = false;
    node.hear('c');
    network.disconnect('a', 'b');
    await clock.advance(20_000);
    assert.deepEqual([new Set(node.dialled), node.peers], [new Set(['b']), new Set(['b'])]);
    node.ready = true;
    await clock.advance(20_000);
    assert.ok(node.dialled.includes('c'));
  });

  it('leaves nothing running when it stops', async () => {
    const node = start('a', {});
    node.hear('b');
    await clock.advance(1_000);
    node.keeper.stop();
    await clock.advance(MINUTE);
    assert.equal(clock.pending, 0);
  });
});
