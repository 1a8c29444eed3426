import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FetchReport } from '../../../../src/protocol/index.ts';
import { bytesToHex, ITEM_OVERHEAD_BYTES } from '../../../../src/store/index.ts';
import { ITEMS, scripted, serve } from './scripted-support.ts';

describe('Fetcher', () => {
  it('fetches everything from two peers, each item once', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests, want } = await scripted(t);
    for (const peer of ['a', 'b']) {
      scripts.set(peer, serve);
      want(peer);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, ITEMS.length);
    const asked = requests.flatMap(({ ids }) => ids);
    assert.equal(asked.length, ITEMS.length);
    assert.equal(new Set(asked).size, ITEMS.length);
    assert.equal(new Set(requests.map(({ peer }) => peer)).size, 2);
    assert.equal(wanted.size, 0);
    assert.equal(fetcher.busy, false);
  });

  it('stops wanting ids that prove to be held already', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests, want } = await scripted(t);
    await replica.putVerified(ITEMS.slice(0, 2));
    scripts.set('a', serve);
    want('a', ITEMS.slice(0, 3));
    fetcher.connected('a');
    await clock.advance(10_000);
    assert.deepEqual([requests.length, wanted.size, replica.status().items], [1, 0, 3]);
    assert.equal((await replica.arrivalOf(ITEMS[2]!.id))?.source, 'a', 'the peer that sent it');
  });

  it('asks the next source when one fails, and rests the failed one, longer each time', async (t) => {
    const { clock, replica, fetcher, scripts, requests, want } = await scripted(t);
    scripts.set('a', async () => ({ outcome: 'stalled' }));
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(10_000);
    assert.deepEqual(
      requests.map(({ at }) => at),
      [0, 1_000, 3_000, 7_000],
    );
    scripts.set('b', serve);
    want('b', ITEMS.slice(0, 1));
    fetcher.connected('b');
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('retries the item that a source stalled at after all the others', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, want } = await scripted(t);
    const stuck = bytesToHex(ITEMS[0]!.id);
    scripts.set('a', async (request) => {
      const at = request.ids.findIndex((id) => bytesToHex(id) === stuck);
      await serve({ ...request, ids: request.ids.slice(0, at < 0 ? undefined : at) });
      return at < 0 ? {} : { outcome: 'stalled', endedAt: request.ids[at]! };
    });
    want('a');
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(60_000);
    assert.equal(replica.status().items, ITEMS.length - 1);
    assert.equal(wanted.size, 1);
  });

  it('does not ask a peer again for ids that it reported absent', async (t) => {
    const { clock, wanted, fetcher, scripts, requests, want } = await scripted(t);
    scripts.set('a', async ({ ids }) => ({ absent: ids }));
    want('a');
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(120_000);
    assert.equal(requests.length, 3);
    assert.equal(wanted.size, 0);
  });

  it('tries a single item now and then while the set is full, and goes on when there is room', async (t) => {
    const { clock, replica, fetcher, scripts, requests, want } = await scripted(t);
    await replica.put([{ hint: 2n, payload: new Uint8Array(9 + 8 * ITEM_OVERHEAD_BYTES) }]);
    scripts.set('a', serve);
    scripts.set('b', serve);
    want('a');
    want('b');
    fetcher.connected('a');
    fetcher.connected('b');
    await clock.advance(300_000);
    assert.equal(replica.status().items, 2);
    assert.equal(fetcher.paused?.code, 'SET_FULL');
    const asked = requests.slice(2).flatMap(({ ids }) => ids);
    assert.ok(asked.length < 12, `${asked.length} items asked for while there was no room`);
  });

  it('keeps the claims of a new request when an old one of the same peer ends', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests, want } = await scripted(t);
    const old = Promise.withResolvers<Partial<FetchReport>>();
    const current = Promise.withResolvers<void>();
    scripts.set('a', () => old.promise);
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    fetcher.pump();
    fetcher.disconnected('a');
    scripts.set('a', (request) => current.promise.then(() => serve(request)));
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    old.resolve({ outcome: 'failed' });
    await clock.advance(5_000);
    assert.equal(requests.length, 2);
    assert.equal(wanted.claimedBy(ITEMS[0]!.id), 'a');
    current.resolve();
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('releases the claims of a peer that left', async (t) => {
    const { clock, replica, fetcher, scripts, want } = await scripted(t);
    const gone = Promise.withResolvers<Partial<FetchReport>>();
    scripts.set('a', () => gone.promise);
    scripts.set('b', serve);
    want('a');
    want('b');
    fetcher.connected('a');
    fetcher.pump();
    fetcher.connected('b');
    fetcher.disconnected('a');
    await clock.advance(1);
    gone.resolve({ outcome: 'failed' });
    await clock.advance(1);
    assert.equal(replica.status().items, ITEMS.length);
  });
});
