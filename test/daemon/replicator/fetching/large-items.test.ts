import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { DEFAULT_REPLICATOR_OPTIONS } from '../../../../src/daemon/replicator/index.ts';
import { bytesToHex, type VerifiedItem } from '../../../../src/store/index.ts';
import type { VirtualClock } from '../../../support/clock.ts';
import { ITEMS, type Script, type Scripted, scripted, serve } from './scripted-support.ts';

const [huge, ...rest] = ITEMS as [VerifiedItem, ...VerifiedItem[]];
const isHuge = (id: Uint8Array) => bytesToHex(id) === bytesToHex(huge.id);

/** Takes a second for the large item, and says how large it is when it is not to be sent. */
function serveLarge(clock: VirtualClock): Script {
  return async (request) => {
    const inline = request.maxBytes !== undefined;
    const ids = request.ids.filter((id) => !inline || !isHuge(id));
    if (ids.some(isHuge)) await new Promise<void>((resolve) => clock.after(1_000, resolve));
    const report = await serve({ ...request, ids });
    const large = inline ? request.ids.filter(isHuge) : [];
    return { ...report, large: large.map((id) => ({ id, length: huge.payload.length })) };
  };
}

/** Two connected peers that hold all items. */
async function setUp(t: TestContext): Promise<Scripted> {
  const rig = await scripted(t);
  for (const peer of ['a', 'b']) {
    rig.scripts.set(peer, serveLarge(rig.clock));
    rig.fetcher.connected(peer);
  }
  return rig;
}

describe('large items', () => {
  it('arrive after the small ones, requested alone', async (t) => {
    const { clock, replica, wanted, fetcher, requests, want } = await setUp(t);
    for (const peer of ['a', 'b']) want(peer);
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, rest.length);
    assert.deepEqual(wanted.unclaimed, { small: 0, large: 1 });
    await clock.advance(500);
    assert.deepEqual(requests.at(-1)?.ids, [bytesToHex(huge.id)]);
    await clock.advance(1_000);
    assert.equal(replica.status().items, ITEMS.length);
  });

  it('do not wait for small ones that only a resting peer lists', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, want } = await setUp(t);
    scripts.set('c', async () => ({ outcome: 'failed' }));
    wanted.add('c', [new Uint8Array(32)]);
    fetcher.connected('c');
    await clock.advance(1);
    want('a', [huge]);
    fetcher.pump();
    await clock.advance(900);
    assert.equal(wanted.unclaimed.small, 1);
    assert.equal(wanted.claimedBy(huge.id), 'a');
    await clock.advance(1_000);
    assert.equal(replica.status().items, 1);
  });

  it('do not wait for a stalled small request', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, want } = await setUp(t);
    scripts.set('c', async ({ signal }) => {
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      return { outcome: 'failed' };
    });
    wanted.add('c', [new Uint8Array(32)]);
    fetcher.connected('c');
    want('a', [huge]);
    fetcher.pump();
    await clock.advance(1_600);
    assert.equal(fetcher.asks('c'), true);
    assert.equal(replica.status().items, 1);
  });

  it('do not block others that wait when their peers trickle', async (t) => {
    const { clock, replica, fetcher, want, crowd } = await setUp(t);
    const names = crowd(4, 2 ** 20);
    await clock.advance(20_000);
    assert.deepEqual(names.map(fetcher.asks, fetcher), [true, true, true, true], 'no peer waits');
    want('a', [huge]);
    fetcher.pump();
    await clock.advance(20_000);
    assert.equal(replica.status().items, 1);
    assert.equal(names.filter(fetcher.asks, fetcher).length, 4, 'it is asked again afterwards');
  });

  it('do not block others that wait for memory when their peers trickle', async (t) => {
    const { clock, replica, fetcher, want, crowd } = await setUp(t);
    const names = crowd(3, DEFAULT_REPLICATOR_OPTIONS.largeBytes / 2);
    await clock.advance(8_000);
    assert.equal(names.filter(fetcher.asks, fetcher).length, 2, 'a third does not fit');
    want('a', [huge]);
    fetcher.pump();
    await clock.advance(40_000);
    assert.equal(replica.status().items, 1);
    assert.equal(names.filter(fetcher.asks, fetcher).length, 2, 'all take turns');
  });

  it('are fetched from a failed peer where no other has them', async (t) => {
    const { clock, replica, wanted, fetcher, scripts, want } = await setUp(t);
    scripts.set('c', async () => ({ outcome: 'failed' }));
    wanted.add('c', [huge.id]);
    fetcher.connected('c');
    await clock.advance(1);
    scripts.set('c', serveLarge(clock));
    want('a', rest);
    await clock.advance(20_000);
    assert.equal(replica.status().items, ITEMS.length);
  });

  it('do not wait forever', async (t) => {
    const { clock, replica, fetcher, requests, want } = await setUp(t);
    let number = 1;
    const busy = (): void => {
      fetcher.committed([{ id: new Uint8Array(32).fill(number++), hint: 1n }], []);
      if (number < 80) clock.after(100, busy);
    };
    busy();
    want('a', [huge]);
    fetcher.pump();
    await clock.advance(4_900);
    assert.equal(requests.length, 1);
    await clock.advance(200);
    assert.deepEqual(requests.at(-1)?.ids, [bytesToHex(huge.id)]);
    await clock.advance(4_000);
    assert.equal(replica.status().items, 1);
  });
});
