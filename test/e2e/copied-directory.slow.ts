import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/daemon/system/index.ts';
import { within } from '../support/within.ts';
import { LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

/** A run waits twice its age before it gives way. */
const LIMIT_MS = 240_000;

describe('a copied data directory', () => {
  it('does not go on where it hears the announcements of its original, and no peer has both', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const left = await daemons.start('left');
    const right = await daemons.start('right', { 'network.peers': [left.address] });
    const original = await daemons.start('a');
    await daemons.stop(original);
    await cp(daemons.path('a'), daemons.path('copy'), { recursive: true });
    let olderMs = 0;
    const running = await daemons.start(
      'a',
      { 'network.peers': [left.address], 'access.deny': [right.daemon.peerId] },
      { ...systemClock, monotonic: () => systemClock.monotonic() + olderMs },
    );
    olderMs = 150_000;
    let ended = false;
    void running.daemon.failed.then(() => {
      ended = true;
    });
    await until(
      () => right.client.status(),
      ({ mesh }) => mesh.known === 2,
      LIMIT_MS,
    );
    const copy = await daemons.start('copy', {
      'network.peers': [right.address],
      'access.deny': [left.daemon.peerId],
    });
    const reason = await within(copy.daemon.failed, 'the copy finds its original', LIMIT_MS);
    assert.deepEqual([reason.code, reason.exitCode], ['SAME_IDENTITY', 75]);
    assert.match(reason.message, new RegExp(`, at ${running.address.replace(/\/p2p\/.*$/, '')}:`));
    await daemons.stop(copy);
    assert.equal(ended, false, 'the original goes on');
  });

  it('does not go on while its original runs, and does when that has ended', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const original = await daemons.start('a');
    const { address } = original;
    await daemons.stop(original);
    await cp(daemons.path('a'), daemons.path('copy'), { recursive: true });
    const listen = { 'network.listen': [address.replace(/\/p2p\/.*$/, '')] };
    const running = await daemons.start('a', listen);
    // One list may serve all nodes: this one names the node itself.
    const copy = await daemons.start('copy', { 'network.peers': [address] });
    const reason = await within(copy.daemon.failed, 'the copy finds its original');
    assert.deepEqual([reason.code, reason.exitCode], ['SAME_IDENTITY', 75]);
    await daemons.stop(copy);
    await daemons.stop(running);
    const alone = await daemons.start('copy', { 'network.peers': [address] });
    assert.equal((await alone.client.status()).state, 'alone');
  });

  it('does not go on where only a third node is connected with both, and a restart does', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const off = { 'network.discovery': 'false', 'network.mdns': 'false' };
    const third = await daemons.start('third', off);
    const settings = { ...off, 'network.peers': [third.address] };
    const original = await daemons.start('a', settings);
    await daemons.stop(original);
    await cp(daemons.path('a'), daemons.path('copy'), { recursive: true });
    const again = await daemons.start('a', settings);
    let ended = false;
    void again.daemon.failed.then(() => {
      ended = true;
    });
    for (let round = 0; round < 2; round++) {
      await until(
        () => third.client.status(),
        ({ peers }) =>
          peers.some(({ peerId, connected }) => peerId === again.daemon.peerId && connected),
      );
      const copy = await daemons.start('copy', settings);
      const reason = await within(copy.daemon.failed, 'the copy meets its original');
      assert.deepEqual([reason.code, reason.exitCode], ['SAME_IDENTITY', 75]);
      assert.match(reason.message, new RegExp(`connected with peer ${third.daemon.peerId}`));
      await daemons.stop(copy);
    }
    assert.equal(ended, false, 'the original goes on');
  });
});
