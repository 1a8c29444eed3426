import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guardOf } from '../../../src/daemon/guard/index.ts';
import { storeItems } from '../../../src/daemon/replicator/testing.ts';
import { itemId, Replica, type VerifiedItem, verifyItem } from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';

function itemAt(hint: bigint, bytes: number): VerifiedItem {
  const payload = new Uint8Array(bytes);
  return verifyItem({ hint, payload, id: itemId(hint, payload) });
}

describe('storing items of a peer', () => {
  it('refuses those below a floor that rose meanwhile, which is no fault of the store', async (t) => {
    const replica = await Replica.open({
      database: memoryDatabase(),
      clock: new VirtualClock(),
      disk: new FakeDisk(),
      limits: { maxItemBytes: 9 },
    });
    cleanUp(t, () => replica.close());
    await replica.retention.raise(5n);
    const [old, young, long] = [itemAt(4n, 1), itemAt(5n, 1), itemAt(6n, 10)];
    const reasons: Parameters<typeof storeItems>[2] = [];
    const refused: [Uint8Array, string][] = [];
    const origin = { via: 'fetch', peer: 'p', publisher: null } as const;
    const init = {
      replica,
      guard: guardOf([]),
      origin,
      refused: (id: Uint8Array, { code }: { code: string }) => refused.push([id, code]),
    };
    const results = await storeItems(init, [old, young, long], reasons);
    assert.deepEqual(
      results.map(({ hint, created }) => [hint, created]),
      [[5n, true]],
    );
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['ITEM_TOO_LARGE'],
    );
    assert.deepEqual(refused, [[old.id, 'HINT_TOO_OLD']]);
  });
});
