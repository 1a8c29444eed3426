import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pruner } from '../../../src/daemon/retention/index.ts';
import { DEFAULT_RETENTION_OPTIONS } from '../../../src/daemon/retention/options.ts';
import { storedBytes } from '../../../src/store/index.ts';
import { heldHints, numbers } from '../../store/replica/retention/support.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { Log } from '../mesh/log.ts';
import { GRACE, LOOK, setUp, YEAR } from './support.ts';

/** Of a floor that is to come. */
const AHEAD = 3_600_000;

describe('a set with retention', () => {
  it('raises its floor at once, and serves the items below it for a minute', async (t) => {
    const { clock, replica, pruner, put } = await setUp(t, { minHint: 5n });
    await put(numbers(0, 10));
    pruner.start();
    await clock.advance(0);
    assert.equal(replica.retention.floor, 5n);
    assert.deepEqual(pruner.status, {
      ...{ floor: '5', goal: '5', left: 5, removedItems: 0, removedBytes: 0 },
      ...{ running: false, waits: null },
    });
    await clock.advance(GRACE - 1);
    assert.deepEqual(heldHints(replica), numbers(0, 10));
    await clock.advance(LOOK);
    assert.deepEqual(heldHints(replica), numbers(5, 10));
    assert.deepEqual(
      [pruner.status.removedItems, pruner.status.removedBytes, pruner.status.left],
      [5, 50, 0],
    );
  });

  it('follows the clock by age', async (t) => {
    const { clock, replica, pruner, put } = await setUp(t, { maxAge: 600_000 });
    const now = clock.now();
    await put([now - 590_000, now - 300_000]);
    pruner.start();
    await clock.advance(200_000);
    assert.deepEqual(heldHints(replica), [now - 300_000]);
    assert.equal(pruner.status.waits, null);
  });

  it('removes at once what an earlier run left below the floor', async (t) => {
    const { clock, replica, pruner, put } = await setUp(t, { minHint: 5n });
    await put(numbers(0, 10));
    await replica.retention.raise(3n);
    const later = new Pruner({
      replica,
      clock,
      logger: new Log('debug', clock).logger,
      options: { ...DEFAULT_RETENTION_OPTIONS, minHint: 5n },
    });
    cleanUp(t, () => later.stop());
    later.start();
    await clock.advance(0);
    assert.deepEqual(heldHints(replica), numbers(3, 10));
    assert.equal(pruner.status.floor, '5');
  });

  it('keeps within its bytes, the lowest hints first', async (t) => {
    const maxBytes = storedBytes(500, 5_000);
    const { clock, replica, pruner, put } = await setUp(t, { maxBytes });
    await put(numbers(0, 1_000));
    pruner.start();
    await clock.advance(20 * LOOK + GRACE + LOOK);
    const held = heldHints(replica);
    assert.ok(replica.figures().storedBytes <= maxBytes, `${held.length} items`);
    assert.ok(held.length >= 450, `${held.length} items`);
    assert.deepEqual(held, numbers(1_000 - held.length, 1_000));
  });

  it('says that it is stuck where all items have one hint, once', async (t) => {
    const { clock, replica, pruner, incidents, put } = await setUp(t, { maxBytes: 1 });
    await replica.put(numbers(0, 9).map((i) => ({ hint: 7n, payload: new Uint8Array([i]) })));
    pruner.start();
    await clock.advance(5 * LOOK);
    assert.deepEqual(incidents, ['RETENTION_STUCK']);
    assert.equal(pruner.status.waits?.code, 'RETENTION_STUCK');
    assert.equal(replica.size, 9);
    await put([8]);
    await clock.advance(GRACE + 2 * LOOK);
    assert.deepEqual(heldHints(replica), [8]);
  });

  it('removes nothing for a clock that jumps a year forward and back, and says so once', async (t) => {
    const { clock, replica, pruner, incidents, log, put } = await setUp(t, { maxAge: YEAR / 2 });
    const now = clock.now();
    await put([now]);
    pruner.start();
    await clock.advance(LOOK);
    const { floor } = replica.retention;
    clock.offset = YEAR;
    await clock.advance(GRACE + 5 * LOOK);
    assert.equal(pruner.status.waits?.code, 'CLOCK_JUMPED');
    clock.offset = 0;
    await clock.advance(GRACE + 5 * LOOK);
    assert.equal(pruner.status.waits, null);
    assert.deepEqual(incidents, ['CLOCK_JUMPED']);
    assert.equal(log.with('CLOCK_JUMPED').length, 1);
    assert.deepEqual(heldHints(replica), [now]);
    assert.ok(
      replica.retention.floor - floor < 1_000_000n,
      'the floor goes on with the right time',
    );
  });

  it('believes a jump that an operator confirms', async (t) => {
    const { clock, replica, pruner, put } = await setUp(t, { maxAge: YEAR / 2 });
    await put([clock.now()]);
    pruner.start();
    await clock.advance(LOOK);
    clock.offset = YEAR;
    await clock.advance(LOOK);
    assert.equal(pruner.confirm().waits, null);
    await clock.advance(GRACE + LOOK);
    assert.equal(replica.size, 0);
  });

  it('takes no floor ahead of the clock where hints are times, until its time or a word of an operator', async (t) => {
    for (const end of ['time', 'confirmed', 'corrected'] as const) {
      const { clock, replica, pruner, incidents, put } = await setUp(t, {}, { areTimes: true });
      const now = clock.now();
      await put([now - 5_000, now - 1_000]);
      const minHint = BigInt(now + AHEAD);
      pruner.start();
      pruner.change({ ...DEFAULT_RETENTION_OPTIONS, minHint });
      await clock.advance(GRACE + 5 * LOOK);
      assert.deepEqual(incidents, ['FLOOR_AHEAD']);
      assert.equal(pruner.status.waits?.code, 'FLOOR_AHEAD');
      assert.deepEqual([replica.retention.floor, replica.size], [0n, 2]);
      if (end === 'time') await clock.advance(AHEAD);
      else if (end === 'confirmed') assert.equal(pruner.confirm().waits, null);
      else pruner.change({ ...DEFAULT_RETENTION_OPTIONS, minHint: BigInt(now - 2_000) });
      await clock.advance(GRACE + 2 * LOOK);
      assert.equal(pruner.status.waits, null);
      assert.equal(replica.retention.floor, end === 'corrected' ? BigInt(now - 2_000) : minHint);
      assert.equal(replica.size, end === 'corrected' ? 1 : 0);
      // A floor that has risen stays where it is, also beside a clock that is set back.
      clock.offset = -YEAR;
      await clock.advance(2 * LOOK);
      assert.equal(pruner.status.waits, null);
    }
  });

  it('takes a floor ahead of the clock where hints are no times, and else each only by its own word', async (t) => {
    const free = await setUp(t, {});
    const ahead = BigInt(free.clock.now() + YEAR);
    free.pruner.start();
    free.pruner.change({ ...DEFAULT_RETENTION_OPTIONS, minHint: ahead });
    await free.clock.advance(LOOK);
    assert.deepEqual([free.replica.retention.floor, free.incidents], [ahead, []]);
    const { clock, replica, pruner } = await setUp(t, { minHint: ahead }, { areTimes: true });
    pruner.start();
    await clock.advance(LOOK);
    pruner.confirm();
    await clock.advance(LOOK);
    assert.equal(replica.retention.floor, ahead);
    pruner.change({ ...DEFAULT_RETENTION_OPTIONS, minHint: ahead + 1n });
    await clock.advance(LOOK);
    assert.deepEqual([replica.retention.floor, pruner.status.waits?.code], [ahead, 'FLOOR_AHEAD']);
  });

  it('takes other options at run time, and never lowers its floor', async (t) => {
    const { clock, replica, pruner, put } = await setUp(t, {});
    await put(numbers(0, 10));
    pruner.start();
    await clock.advance(LOOK);
    assert.equal(pruner.status.floor, null);
    pruner.change({ ...DEFAULT_RETENTION_OPTIONS, minHint: 4n });
    await clock.advance(0);
    assert.equal(replica.retention.floor, 4n);
    pruner.change(DEFAULT_RETENTION_OPTIONS);
    await clock.advance(GRACE + LOOK);
    assert.deepEqual([pruner.status.floor, pruner.status.goal], ['4', null]);
    assert.deepEqual(heldHints(replica), numbers(4, 10));
  });

  it('tries again after the store failed, and tells the log once', async (t) => {
    const { clock, replica, pruner, log, put } = await setUp(t, { minHint: 5n });
    await put(numbers(0, 10));
    const raise = t.mock.method(replica.retention, 'raise', () => {
      throw new Error('the disk is gone');
    });
    pruner.start();
    await clock.advance(3 * LOOK);
    assert.equal(log.lines.filter(({ event }) => event === 'retention-failed').length, 1);
    raise.mock.restore();
    await clock.advance(GRACE + 2 * LOOK);
    assert.deepEqual(heldHints(replica), numbers(5, 10));
  });
});
