import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tapBatches } from '../support.ts';
import { heldHints, numbers, ofHints, pruneAll } from './support.ts';

/** Batches of the pruning below: one raises the floor, eight remove items, two trim the order of arrival. */
const BATCHES = 11;

describe('pruning that is cut off', () => {
  for (const landed of [true, false]) {
    const batch = landed ? 'right behind a batch' : 'before a batch';
    it(`goes on after a restart: ${batch}`, async (t) => {
      for (let dies = 0; dies < BATCHES; dies++) {
        const set = await ofHints(...numbers(0, 40));
        const before = await set.open(t);
        const { epoch } = before;
        let batches = 0;
        let restarted = false;
        tapBatches(set.database, async (_, write) => {
          const dead = !restarted && batches++ >= dies;
          if (!dead || (landed && batches === dies + 1)) await write();
          if (dead) throw new Error('the power is gone');
        });
        // The last batch of all may be found on disk, and then nothing has failed.
        await pruneAll(before, 30n, 4).catch(() => undefined);
        assert.ok(batches > dies);
        await before.close();
        restarted = true;
        const after = await set.open(t);
        const held = heldHints(after);
        assert.deepEqual(held, numbers(40 - held.length, 40), 'the lowest go first');
        const found = await after.verify();
        const below = held.filter((hint) => hint < after.retention.floor).length;
        assert.deepEqual([found.ok, found.pending], [true, below]);
        await pruneAll(after, 30n, 4);
        assert.deepEqual([heldHints(after), after.retention.floor], [numbers(30, 40), 30n]);
        assert.equal((await after.verify()).ok, true);
        assert.equal(after.epoch, epoch);
        assert.deepEqual(after.status().incidents, []);
        await after.close();
      }
    });
  }
});
