import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReplicatorRig } from './replicator-support.ts';
import { idOf, itemOf } from './support.ts';

describe('a want of a replicator', () => {
  it('is confirmed by two peers that have delivered items and are still believed', async (t) => {
    const rig = await ReplicatorRig.open(t);
    const { replicator, asked } = rig;
    const confirmed = (n: number): boolean => {
      const why = replicator.whys.of(idOf(n));
      return why.state === 'wanted' && why.confirmed;
    };
    rig.start();
    await rig.connect('p', 'q', 'r', 's');
    for (const peer of ['r', 's']) replicator.missing(peer, [idOf(901)]);
    assert.equal(confirmed(901), false, 'two identities cost nothing');

    for (const [n, peer] of ['p', 'q'].entries()) {
      const item = itemOf(n);
      replicator.missing(peer, [item.id]);
      const { request, end } = asked.find((one) => one.request.peer === peer)!;
      await request.onItems([item]);
      end({ items: 1 });
      await rig.after(10);
    }
    // Under way to q, so that p is not asked for it.
    replicator.missing('q', [idOf(902)]);
    assert.equal(confirmed(902), false);
    replicator.missing('p', [idOf(902)]);
    assert.equal(confirmed(902), true);

    replicator.missing(
      'p',
      Array.from({ length: 256 }, (_, n) => idOf(1_000 + n)),
    );
    for (let turns = 0; turns < 50; turns++) {
      for (const { request, end } of asked.filter((one) => one.request.peer === 'p')) {
        end({ absent: request.ids });
      }
      await rig.after(2_000);
    }
    assert.equal(replicator.wanted.listed('p'), 0);
    assert.equal(confirmed(902), false, 'p makes things up');
  });
});
