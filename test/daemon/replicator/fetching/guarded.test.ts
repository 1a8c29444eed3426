import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GuardCode } from '../../../../src/daemon/guard/index.ts';
import { equalBytes } from '../../../../src/store/index.ts';
import { FetcherRig } from './fetcher-support.ts';

/** Refuses one of the ids that `a` lists, once the request has ended. */
async function refused(rig: FetcherRig, code: GuardCode, lasting: boolean): Promise<Uint8Array> {
  const [bad] = rig.want('a', [1, 2]);
  rig.checks.push({
    refusalOf: ({ id }) => (equalBytes(id, bad!) ? { code, message: 'no', lasting } : null),
  });
  await rig.of('a').end({}, true);
  return bad!;
}

describe('a fetched item that the guard refuses', () => {
  it('stops nothing, and is not asked for again', async (t) => {
    const rig = await FetcherRig.open(t);
    rig.fetcher.connected('a');
    rig.fetcher.connected('b');
    const bad = await refused(rig, 'ITEM_REFUSED', true);
    assert.deepEqual([rig.stored, rig.fetcher.paused, rig.running], [1, null, '']);
    assert.equal(rig.wanted.has(bad), false);
    assert.equal(rig.fetcher.refuses('a', bad), true);
    assert.equal(rig.fetcher.refused.size, 0, 'the peer did not call it too large');
    rig.want('a', [3]);
    assert.equal(rig.running, 'a', 'the peer is asked for other items at once');
  });

  it('is no lie of the peer when it comes later, and may be asked for again', async (t) => {
    const rig = await FetcherRig.open(t);
    rig.fetcher.connected('a');
    const bad = await refused(rig, 'ITEM_REFUSED', true);
    await rig.replica.put(rig.items([bad]));
    assert.deepEqual(rig.warnings('wrong length'), []);
    assert.equal(rig.fetcher.refuses('a', bad), false);
  });

  it('is asked of another peer that lists it, unless it stays refused', async (t) => {
    for (const lasting of [false, true, 'peer'] as const) {
      const rig = await FetcherRig.open(t, { requestsPerPeer: 1 });
      rig.fetcher.connected('a');
      rig.fetcher.connected('b');
      const [bad] = rig.want('a', [1, 2]);
      rig.wanted.add('b', [bad!]);
      rig.checks.push({
        refusalOf: ({ id }, { peer }) =>
          peer === 'a' && equalBytes(id, bad!)
            ? { code: 'PEER_QUOTA', message: 'no', lasting }
            : null,
      });
      await rig.of('a').end({}, true);
      assert.equal(rig.running, lasting === true ? '' : 'b');
      assert.equal(rig.fetcher.refuses('a', bad!), lasting !== false);
    }
  });

  it('is not asked of the peer of which a policy had refused it, but of others', async (t) => {
    const rig = await FetcherRig.open(t);
    const [id] = rig.want('a', [1]);
    await rig.replica.refusals.note([{ id: id!, hint: 1n, source: 'a', reason: 'no' }]);
    assert.deepEqual(
      ['a', 'b'].map((peer) => rig.fetcher.refuses(peer, id!)),
      [true, false],
    );
  });

  it('is forgotten where it is not refused for good, so that a later session lists it again', async (t) => {
    const rig = await FetcherRig.open(t);
    rig.fetcher.connected('a');
    const bad = await refused(rig, 'HINT_TOO_NEW', false);
    assert.deepEqual([rig.wanted.has(bad), rig.fetcher.refuses('a', bad)], [false, false]);
  });
});
