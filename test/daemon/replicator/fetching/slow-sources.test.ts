import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex } from '../../../../src/store/index.ts';
import { ITEMS, type Script, scripted, serve } from './scripted-support.ts';

describe('slow sources of the Fetcher', () => {
  it('do not keep ids that no peer lists', async (t) => {
    const { clock, replica, wanted, fetcher, scripts } = await scripted(t);
    const silent: Script = async ({ ids, signal }) => {
      await new Promise((resolve) => signal!.addEventListener('abort', resolve, { once: true }));
      return { outcome: 'failed', endedAt: ids[0]! };
    };
    scripts.set('a', silent);
    fetcher.connected('a');
    wanted.restore([{ id: ITEMS[0]!.id, since: 0, confirmed: false }]);
    fetcher.pump();
    assert.ok(fetcher.asks('a'));
    scripts.set('b', serve);
    fetcher.connected('b');
    await clock.advance(2_000);
    assert.equal(replica.status().items, 1);
  });

  it('do not block others that wait when they trickle', async (t) => {
    const { clock, replica, fetcher, scripts, want, crowd } = await scripted(t);
    const names = crowd(32);
    await clock.advance(20_000);
    assert.equal(names.filter(fetcher.asks, fetcher).length, 32, 'no peer waits');
    want('a', ITEMS.slice(0, 1));
    scripts.set('a', serve);
    fetcher.connected('a');
    await clock.advance(1_000);
    assert.equal(replica.status().items, 1);
  });

  it('lose their ids to an idle source after a time', async (t) => {
    const { clock, replica, fetcher, scripts, want } = await scripted(t);
    const aborted: string[] = [];
    scripts.set('a', async ({ signal, onItems, ids }) => {
      await onItems(ITEMS.filter(({ id }) => bytesToHex(id) === bytesToHex(ids[0]!)));
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      aborted.push('a');
      return { outcome: 'failed', items: 1, endedAt: ids[1]! };
    });
    scripts.set('b', serve);
    for (const peer of ['a', 'b']) {
      want(peer);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(1_240);
    assert.deepEqual([replica.status().items, aborted], [7, []]);
    await clock.advance(20);
    assert.deepEqual([replica.status().items, aborted], [ITEMS.length, ['a']]);
  });

  it('do not lose ids whose items wait for our own disk', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests } = await scripted(t);
    const disk = Promise.withResolvers<void>();
    const { putVerified } = replica;
    replica.putVerified = (items) => disk.promise.then(() => putVerified.call(replica, items));
    const limited = wanted;
    for (const peer of ['a', 'b']) {
      scripts.set(peer, async (request) => {
        for (let i = 0; i < 3; i++) request.onProgress?.(10);
        return serve(request);
      });
      limited.add(peer, [ITEMS[0]!.id]);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(20_000);
    assert.equal(requests.length, 1);
    disk.resolve();
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('do not lose ids whose bytes wait for our own budget', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests } = await scripted(t);
    const budget = Promise.withResolvers<void>();
    for (const peer of ['a', 'b']) {
      scripts.set(peer, async (request) => {
        await request.onWait!(budget.promise);
        return serve(request);
      });
      wanted.add(peer, [ITEMS[0]!.id]);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(20_000);
    assert.equal(requests.length, 1);
    budget.resolve();
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });
});
