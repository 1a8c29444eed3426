import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  DEFAULT_RETENTION_OPTIONS,
  type RetentionOptions,
} from '../../../src/daemon/retention/options.ts';
import { storedBytes } from '../../../src/store/index.ts';
import { heldHints, numbers } from '../../store/replica/retention/support.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { GRACE, LOOK, setUp, YEAR } from './support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A set whose pruner runs, and that can be opened again under the same clock. */
async function running(
  t: TestContext,
  options: Partial<RetentionOptions>,
  more: { areTimes?: boolean } = {},
) {
  const database = memoryDatabase();
  const first = await setUp(t, options, { ...more, database });
  const { clock } = first;
  first.pruner.start();
  await clock.advance(LOOK);
  const again = async (changed: Partial<RetentionOptions> = options) => {
    await first.close();
    const later = await setUp(t, changed, { ...more, database, clock });
    later.pruner.start();
    await clock.advance(LOOK);
    return later;
  };
  return { ...first, again };
}

describe('retention under a wrong clock', () => {
  it('removes nothing by age after a restart, though the floor rose by size under the wrong clock', async (t) => {
    const maxBytes = storedBytes(100, 1_000);
    const set = await running(t, { maxAge: 30 * DAY, maxBytes });
    const { clock, put, replica } = set;
    const now = clock.now();
    await put(numbers(0, 90).map((i) => now + i));
    clock.offset = YEAR;
    await clock.advance(LOOK);
    assert.equal(set.pruner.status.waits?.code, 'CLOCK_JUMPED');
    await put(numbers(90, 120).map((i) => now + i));
    const { floor } = replica.retention;
    await clock.advance(LOOK);
    assert.ok(replica.retention.floor > floor, 'the floor rises by size');
    const { replica: later, pruner, incidents } = await set.again();
    await clock.advance(GRACE + 2 * LOOK);
    assert.equal(pruner.status.waits?.code, 'CLOCK_JUMPED');
    assert.deepEqual(incidents, ['CLOCK_JUMPED']);
    assert.ok(later.size >= 90, `${later.size} items are left`);
  });

  it('takes no floor ahead of its time by a jump of the clock, and says why', async (t) => {
    const set = await running(t, {}, { areTimes: true });
    const { clock, put, replica, pruner, incidents } = set;
    const now = clock.now();
    await put([now]);
    pruner.change({ ...DEFAULT_RETENTION_OPTIONS, minHint: BigInt(now + 30 * DAY) });
    await clock.advance(LOOK);
    clock.offset = YEAR;
    await clock.advance(LOOK);
    assert.equal(pruner.status.waits?.code, 'CLOCK_JUMPED');
    clock.offset = 0;
    await clock.advance(GRACE + 2 * LOOK);
    assert.equal(pruner.status.waits?.code, 'FLOOR_AHEAD');
    assert.deepEqual([heldHints(replica), replica.retention.floor], [[now], 0n]);
    assert.deepEqual(incidents, ['FLOOR_AHEAD', 'CLOCK_JUMPED', 'FLOOR_AHEAD']);
  });

  it('takes a floor whose time has come by a jump that an operator confirms', async (t) => {
    const set = await running(t, {}, { areTimes: true });
    const { clock, replica, pruner } = set;
    const minHint = BigInt(clock.now() + 30 * DAY);
    pruner.change({ ...DEFAULT_RETENTION_OPTIONS, minHint });
    clock.offset = 10 * DAY;
    await clock.advance(LOOK);
    pruner.confirm();
    await clock.advance(LOOK);
    assert.equal(pruner.status.waits?.code, 'FLOOR_AHEAD', 'the word was for the clock alone');
    clock.offset = 31 * DAY;
    await clock.advance(LOOK);
    pruner.confirm();
    await clock.advance(LOOK);
    assert.equal(replica.retention.floor, minHint);
  });

  it('takes no floor ahead of its time after a restart under a wrong clock', async (t) => {
    const first = Date.UTC(2023, 10, 1);
    const set = await running(t, { minHint: BigInt(first) }, { areTimes: true });
    const { clock } = set;
    assert.equal(set.replica.retention.floor, BigInt(first));
    const minHint = BigInt(clock.now() + 30 * DAY);
    clock.offset = YEAR;
    const { replica, pruner } = await set.again({ minHint });
    assert.equal(pruner.status.waits?.code, 'CLOCK_JUMPED');
    assert.equal(replica.retention.floor, BigInt(first));
  });

  it('lets size raise no floor above the time that has passed, where hints are times', async (t) => {
    const maxBytes = storedBytes(100, 1_000);
    const set = await running(t, { maxBytes }, { areTimes: true });
    const { clock, put, replica, pruner } = set;
    clock.offset = YEAR;
    await put(numbers(0, 200).map((i) => clock.now() + i));
    await clock.advance(GRACE + 20 * LOOK);
    assert.equal(pruner.status.waits?.code, 'RETENTION_STUCK');
    clock.offset = 0;
    await put([clock.now()]);
    assert.equal(replica.size, 201);
  });

  it('believes a clock that was believed an hour ago, though the floor stood for longer than the gap', async (t) => {
    const options = { maxAge: 30 * DAY, maxClockGap: 2 * HOUR };
    const set = await running(t, { ...options, maxAge: 10 * DAY });
    const { clock, pruner } = set;
    const { floor } = set.replica.retention;
    pruner.change({ ...DEFAULT_RETENTION_OPTIONS, ...options });
    await clock.advance(4 * HOUR);
    assert.equal(set.replica.retention.floor, floor);
    const later = await set.again(options);
    assert.deepEqual([later.pruner.status.waits, later.incidents], [null, []]);
  });

  it('writes the time at most once an hour while the floor stands', async (t) => {
    const { clock, replica, pruner } = await running(t, { maxAge: 10 * DAY });
    pruner.change({ ...DEFAULT_RETENTION_OPTIONS, maxAge: 30 * DAY });
    const noted = t.mock.method(replica.retention, 'believe');
    await clock.advance(4 * HOUR);
    const times = noted.mock.callCount.bind(noted.mock);
    assert.ok(times() <= 4, `${times()} times`);
    assert.ok(times() >= 3, `${times()} times`);
  });
});
