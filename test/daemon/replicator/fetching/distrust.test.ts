import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, hexToBytes } from '../../../../src/store/index.ts';
import { ITEMS, scripted, serve } from './scripted-support.ts';

describe('distrust of a source by the Fetcher', () => {
  it('skips an item with wrong bytes, and distrusts the peer after several', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests, disbelieved, want } =
      await scripted(t);
    const rotten = new Set<string>();
    scripts.set('a', async (request) => {
      const at = request.ids.findIndex((id) => rotten.has(bytesToHex(id)));
      await serve({ ...request, ids: request.ids.slice(0, at < 0 ? undefined : at) });
      return at < 0 ? {} : { outcome: 'invalid', endedAt: request.ids[at]! };
    });
    rotten.add(bytesToHex(ITEMS[0]!.id));
    want('a');
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(10_000);
    assert.equal(replica.status().items, ITEMS.length - 1);

    for (const { id } of ITEMS) rotten.add(bytesToHex(id));
    const asked = requests.length;
    wanted.add('a', [...rotten].map(hexToBytes));
    fetcher.pump();
    await clock.advance(120_000);
    assert.equal(requests.length - asked, 3);
    assert.equal(wanted.size, wanted.orphans);
    assert.deepEqual(disbelieved, ['a']);
  });

  it('asks others for an item whose bytes were wrong, though no other peer listed it', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests, want } = await scripted(t);
    scripts.set('a', async ({ ids }) => ({ outcome: 'invalid', endedAt: ids[0]! }));
    scripts.set('b', serve);
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    await clock.advance(1);
    assert.deepEqual([wanted.size, wanted.orphans], [1, 1]);
    await clock.advance(60_000);
    assert.equal(requests.length, 1, 'and not the same peer again');
    fetcher.connected('b');
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('refuses an item above the limit when all its sources say so, and goes on with the rest', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests, want } = await scripted(t);
    const large = bytesToHex(ITEMS[1]!.id);
    for (const peer of ['a', 'b']) {
      scripts.set(peer, async (request) => {
        const tooLarge = request.ids.filter((id) => bytesToHex(id) === large);
        const report = await serve({
          ...request,
          ids: request.ids.filter((id) => !tooLarge.includes(id)),
        });
        return { ...report, tooLarge };
      });
      want(peer);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, ITEMS.length - 1);
    assert.equal(wanted.size, 0);
    assert.equal(requests.flatMap(({ ids }) => ids).filter((id) => id === large).length, 2);
    const id = ITEMS[1]!.id;
    assert.equal(fetcher.refused.witnesses(id).length > 0, true);
    assert.deepEqual(
      ['a', 'b', 'c'].map((peer) => fetcher.refused.hasFrom(peer, id)),
      [true, true, false],
      'peers that have not said so are asked',
    );
  });

  it('does not believe a single peer that says an item is too large', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, want } = await scripted(t);
    scripts.set('a', async ({ ids }) => ({ tooLarge: ids }));
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(1);
    const { id } = ITEMS[0]!;
    assert.deepEqual([wanted.size, fetcher.refused.size], [0, 1]);
    assert.deepEqual(
      [fetcher.refused.hasFrom('a', id), fetcher.refused.hasFrom('b', id)],
      [true, false],
    );
    scripts.set('b', serve);
    want('b', ITEMS.slice(0, 1));
    fetcher.connected('b');
    await clock.advance(1);
    assert.deepEqual([replica.status().items, fetcher.refused.size], [1, 0]);
  });

  it('forgets all lengths of a peer when one proves wrong, and distrusts the peer after several', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, want } = await scripted(t);
    const alone: number[] = [];
    scripts.set('a', async ({ ids, maxBytes }) =>
      maxBytes === undefined
        ? { outcome: 'failed' }
        : { large: ids.map((id) => ({ id, length: 300_000 })) },
    );
    scripts.set('b', async (request) => {
      if (request.maxBytes === undefined) alone.push(request.ids.length);
      return serve(request);
    });
    for (let lie = 1; lie <= 4; lie++) {
      await clock.advance(120_000);
      const items = ITEMS.slice(2 * lie - 2, 2 * lie);
      want('a', items);
      fetcher.connected('a');
      await clock.advance(1);
      assert.equal(wanted.unclaimed.large, lie < 4 ? 2 : 0);
      want('b', items);
      fetcher.connected('b');
      await clock.advance(1);
      fetcher.disconnected('b');
      assert.equal(replica.status().items, 2 * lie);
      assert.equal(wanted.sources(ITEMS[9]!.id).length, 0);
    }
    assert.deepEqual(alone, [2, 2, 2], 'the fourth time nothing it says is believed');
  });

  it('distrusts a peer whose requests bring nothing, until it delivers an item', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, requests, want } = await scripted(t);
    scripts.set('a', async () => ({ outcome: 'stalled' }));
    want('a');
    wanted.add('b', [ITEMS[0]!.id]);
    fetcher.connected('a');
    await clock.advance(122_000);
    assert.deepEqual([requests.length, fetcher.room('a')], [7, Number.POSITIVE_INFINITY]);
    assert.equal(wanted.sources(ITEMS[0]!.id).length, 2);
    await clock.advance(2_000);
    assert.equal(requests.length, 8);
    assert.deepEqual([wanted.size, wanted.orphans], [10, 9], 'ids that others list stay with them');
    assert.deepEqual(wanted.sources(ITEMS[0]!.id), ['b']);
    assert.equal(fetcher.room('a'), 0, 'as long as it rests');
    await clock.advance(60_000);
    assert.equal(fetcher.room('a'), 1_024);
    want('a');
    assert.equal(fetcher.room('a'), 1_014);
    fetcher.pump();
    await clock.advance(60_000);
    assert.deepEqual([requests.length, wanted.listed('a')], [9, 0], 'the next time at once');
    want('a');
    scripts.set('a', serve);
    fetcher.pump();
    await clock.advance(60_000);
    assert.deepEqual([replica.status().items, fetcher.room('a')], [10, Number.POSITIVE_INFINITY]);
  });

  it('rests a peer that called an item too large which then arrived', async (t) => {
    const { clock, fetcher, scripts, requests, want } = await scripted(t);
    scripts.set('a', async ({ ids }) => ({ tooLarge: ids }));
    scripts.set('b', serve);
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    await clock.advance(1);
    want('b', ITEMS.slice(0, 1));
    fetcher.connected('b');
    await clock.advance(1);
    want('a', ITEMS.slice(1, 2));
    fetcher.pump();
    const asked = () => requests.filter(({ peer }) => peer === 'a').length;
    assert.equal(asked(), 1);
    await clock.advance(1_000);
    assert.equal(asked(), 2);
  });

  it('rests a peer once for a wrong listing, and distrusts it after many wrong ids', async (t) => {
    const { clock, wanted, fetcher, scripts, requests } = await scripted(t);
    const invented = Array.from({ length: 300 }, (_, i) => {
      const id = new Uint8Array(32);
      new DataView(id.buffer).setUint32(0, i);
      return id;
    });
    scripts.set('a', async ({ ids }) => ({ absent: ids }));
    wanted.add('a', invented);
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(999);
    assert.equal(requests.length, 1);
    await clock.advance(1);
    assert.equal(wanted.size, 0);
    assert.ok(requests.length <= 65, `${requests.length} requests`);
    assert.equal(fetcher.room('a'), 0, 'as long as it rests');
    await clock.advance(120_000);
    assert.equal(fetcher.room('a'), 1_024, 'until it delivers something');
    wanted.add('a', invented);
    fetcher.listed('a');
    const asked = requests.length;
    fetcher.pump();
    await clock.advance(120_000);
    assert.ok(requests.length > asked);
    assert.equal(wanted.size, 0);
  });
});
