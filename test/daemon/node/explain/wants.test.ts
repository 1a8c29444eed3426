import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wantsPage } from '../../../../src/daemon/node/explain/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { bytesToHex, systemClock } from '../../../../src/store/index.ts';
import { SeededRandom } from '../../../support/random.ts';

const START = 1_700_000_000_000;

describe('the pages of wanted items', () => {
  it('have each item once, by id, whatever comes or goes between them', async () => {
    const random = new SeededRandom('wants');
    const wanted = new ReconciliationSet({ now: () => START });
    const ids = Array.from({ length: 50 }, () => random.bytes(32));
    wanted.add('p', ids);
    const seen: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages === 0 || after !== null; pages++) {
      const page = await wantsPage({ limit: 10, after }, { wanted, clock: systemClock });
      assert.ok(page.items.length <= 10 && pages < 7);
      seen.push(...page.items.map(({ id }) => id));
      after = page.cursor;
      // The item that the cursor names comes.
      if (pages === 1) wanted.received(ids.find((id) => bytesToHex(id) === after)!);
      if (pages === 2) wanted.add('q', [random.bytes(32)]);
    }
    const known = ids.map(bytesToHex).sort();
    assert.deepEqual(
      seen.filter((id) => known.includes(id)),
      known,
    );
    assert.deepEqual(seen, seen.toSorted());
  });

  it('say where each item may come from, and end with null', async () => {
    const wanted = new ReconciliationSet({ now: () => START });
    const id = new Uint8Array(32).fill(1);
    wanted.add('p', [id]);
    wanted.claim('p', 1);
    const item = {
      id: bytesToHex(id),
      since: new Date(START - (START % 60_000)).toISOString(),
      confirmed: false,
      sources: ['p'],
      fetchingFrom: 'p',
      bytes: null,
    };
    const page = await wantsPage({ limit: 1, after: null }, { wanted, clock: systemClock });
    assert.deepEqual(page, { wanted: 1, orphans: 0, items: [item], cursor: null });
  });
});
