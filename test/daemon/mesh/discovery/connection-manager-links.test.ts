import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { DiscoveryOptions } from '../../../../src/daemon/mesh/discovery/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeNetwork, type NodeInit } from './support.ts';

const MINUTE = 60_000;
const NEVER = 1e9;

describe('ConnectionManager and its connections', () => {
  let clock: VirtualClock;
  let network: FakeNetwork;
  beforeEach(() => {
    clock = new VirtualClock();
    network = new FakeNetwork(clock);
  });
  afterEach(() => network.stop());

  function start(name: string, options: Partial<DiscoveryOptions>, init: NodeInit = {}) {
    const node = network.add(name, { ...init, options: { rebalanceMs: NEVER, ...options } });
    node.keeper.start();
    return node;
  }

  it('checks within a second of the start, and then at every tick', async () => {
    for (const name of ['a', 'b']) network.add(name);
    const late = start('late', { degree: 1, jitter: 0 });
    late.known.restore([
      { peer: 'a', addresses: ['a'], heardAt: clock.now(), reachedAt: clock.now() },
    ]);
    await clock.advance(999);
    assert.deepEqual(late.dialled, []);
    await clock.advance(1);
    assert.deepEqual(late.dialled, ['a']);
    await clock.advance(20);
    late.known.restore([
      { peer: 'b', addresses: ['b'], heardAt: clock.now(), reachedAt: clock.now() },
    ]);
    network.disconnect('late', 'a');
    await clock.advance(199);
    assert.deepEqual(late.dialled, ['a']);
    await clock.advance(1);
    assert.deepEqual(late.dialled, ['a', 'b'], 'soon after a loss');
  });

  it('checks again at the next tick without any event', async () => {
    const node = start('a', { degree: 1, jitter: 0, tickMs: 5_000, baseMs: 1_500 });
    network.add('b');
    network.down.add('b');
    node.hear('b');
    await clock.advance(250);
    assert.equal(node.dialled.length, 1);
    network.down.delete('b');
    await clock.advance(4_949);
    assert.equal(node.dialled.length, 1, 'it rests, and no timer waits for the end of its rest');
    await clock.advance(300);
    assert.deepEqual([...node.peers], ['b']);
  });

  it('knows connections that were there before it started', async () => {
    const hub = network.add('hub', {
      options: { degree: 1, graceMs: 10_000, rebalanceMs: NEVER, jitter: 0 },
    });
    for (const name of ['a', 'b', 'c']) {
      network.add(name);
      network.connect(name, 'hub');
    }
    hub.keeper.start();
    await clock.advance(9_000);
    assert.equal(hub.peers.size, 3, 'they are as young as it is');
    await clock.advance(10_000);
    assert.equal(hub.peers.size, 2);
  });

  it('closes no connection within its grace period, and closes one right after it', async () => {
    const hub = start('hub', { degree: 1, graceMs: 10_000, tickMs: 500, jitter: 0 });
    for (const name of ['a', 'b', 'c']) {
      network.add(name);
      network.connect(name, 'hub');
    }
    await clock.advance(9_700);
    assert.equal(hub.peers.size, 3);
    await clock.advance(1_000);
    assert.equal(hub.peers.size, 2);
  });

  it('closes one connection for another in an exchange, repeatedly', async () => {
    const hub = start('hub', { degree: 2, graceMs: 0, rebalanceMs: MINUTE, jitter: 0 });
    for (const name of ['a', 'b', 'c', 'd']) network.add(name);
    for (const name of ['a', 'b']) network.connect(name, 'hub');
    for (const name of ['c', 'd']) hub.hear(name);
    await clock.advance(MINUTE - 1_000);
    assert.deepEqual([...hub.peers].sort(), ['a', 'b']);
    await clock.advance(7_000);
    assert.deepEqual([hub.peers.size, network.closed, hub.dialled.length], [2, 1, 1]);
    await clock.advance(MINUTE - 7_000);
    assert.equal(network.closed, 1, 'the next is a pause later');
    await clock.advance(12_000);
    assert.deepEqual([hub.peers.size, network.closed, hub.dialled.length], [2, 2, 2]);
  });

  it('dials no peer that it dials already, and none that the configuration keeps', async () => {
    const node = start('a', { degree: 4, tickMs: 5, jitter: 0 }, { configured: ['kept'] });
    for (const name of ['b', 'kept']) {
      network.add(name);
      node.hear(name);
    }
    await clock.advance(2_000);
    assert.deepEqual(node.dialled, ['b']);
  });

  it('checks during endless changes, which delay no check', async () => {
    const node = start('a', { degree: 1, jitter: 0 });
    network.add('b');
    node.hear('b');
    for (let i = 0; i < 3; i++) {
      await clock.advance(100);
      node.keeper.changed();
    }
    assert.deepEqual(node.dialled, ['b']);
  });

  it('does no more work once it has stopped', async () => {
    const node = start('a', { degree: 1, jitter: 0 });
    network.add('b');
    node.hear('b');
    await clock.advance(205);
    assert.equal(node.dialled.length, 1);
    node.keeper.stop();
    node.keeper.changed();
    await clock.advance(MINUTE);
    assert.equal(clock.pending, 0);
    network.disconnect('a', 'b');
    assert.equal(clock.pending, 0);
  });
});
