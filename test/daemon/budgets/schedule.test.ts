import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type BudgetOptions,
  Budgets,
  DEFAULT_BUDGET_OPTIONS,
  parseScheduled,
} from '../../../src/daemon/budgets/index.ts';
import { ratesAt } from '../../../src/daemon/budgets/testing.ts';
import { VirtualClock } from '../../support/clock.ts';

const KIB = 1024;
const HOUR_MS = 3_600_000;
const options = (change: Partial<BudgetOptions>): BudgetOptions => ({
  ...DEFAULT_BUDGET_OPTIONS,
  ...change,
});
const minute = (text: string): number => {
  const [hours, minutes] = text.split(':').map(Number) as [number, number];
  return 60 * hours + minutes;
};

describe('a line of the schedule', () => {
  it('has a time of the day, and no limits, one size or two', () => {
    const night = { from: 22 * 60, to: 6 * 60 + 30 };
    assert.deepEqual(parseScheduled('22:00-06:30 unlimited'), { ...night, rates: null });
    const same = { upload: 64 * KIB, download: 64 * KIB };
    assert.deepEqual(parseScheduled('22:00-06:30 64KiB'), { ...night, rates: same });
    const two = { upload: 100_000, download: 1_000_000 };
    assert.deepEqual(parseScheduled('22:00-06:30 100KB/1MB'), { ...night, rates: two });
  });

  it('is refused where it says anything else', () => {
    for (const wrong of [
      ...['', '22:00-06:00', '22:00 unlimited', '24:00-06:00 unlimited', '22:60-06:00 unlimited'],
      ...['2:00-06:00 unlimited', '22:00-06:00 unlimited ', '22:00-06:00 slow', '22:00-06:00 0B'],
      ...['22:00-22:00 unlimited', '22:00-06:00 65535', '22:00-06:00 1MiB/1', '22:00-06:00 1MiB/'],
      ...['22:00-06:00 1MiB/1MiB/1MiB', '22:00-06:00 9999999999999999TiB', '22:00-06:00 -1'],
    ]) {
      assert.throws(() => parseScheduled(wrong), RangeError, wrong);
    }
    parseScheduled('22:00-06:00 65536');
  });

  it('holds from its first minute to the one before its last, also over midnight', () => {
    const of = (schedule: string[], at: string) =>
      ratesAt(options({ schedule }), minute(at)).scheduled !== null;
    const times = ['21:59', '22:00', '23:59', '00:00', '05:59', '06:00', '12:00'];
    assert.deepEqual(
      times.map((at) => of(['22:00-06:00 unlimited'], at)),
      [false, true, true, true, true, false, false],
    );
    assert.deepEqual(
      times.map((at) => of(['06:00-22:00 unlimited'], at)),
      [true, false, false, false, false, true, true],
    );
    assert.equal(of(['12:00-00:00 unlimited'], '23:59'), true);
    assert.equal(of(['12:00-00:00 unlimited'], '00:00'), false);
  });

  it('lifts all limits, or sets those of all peers together; the first that holds counts', () => {
    const set = options({
      uploadBytesPerSecond: 1,
      downloadBytesPerSecond: 2,
      peerUploadBytesPerSecond: 3,
      peerDownloadBytesPerSecond: 4,
      schedule: ['08:00-12:00 64KiB/128KiB', '08:00-18:00 unlimited', '10:00-11:00 1MiB'],
    });
    const own = { upload: 1, download: 2, peerUpload: 3, peerDownload: 4 };
    assert.deepEqual(ratesAt(set, minute('07:59')), { rates: own, scheduled: null });
    const morning = { ...own, upload: 64 * KIB, download: 128 * KIB };
    assert.deepEqual(ratesAt(set, minute('10:30')), { rates: morning, scheduled: set.schedule[0] });
    assert.deepEqual(ratesAt(set, minute('12:00')), {
      rates: { upload: 0, download: 0, peerUpload: 0, peerDownload: 0 },
      scheduled: set.schedule[1],
    });
  });
});

describe('Budgets', () => {
  /** `offset` is that of local time, in hours. */
  function budgeted(change: Partial<BudgetOptions>) {
    const clock = new VirtualClock(Date.UTC(2026, 9, 24, 21, 59, 30));
    const local = { offset: 0 };
    const budgets = new Budgets({
      clock,
      minuteOfDay: (ms) => Math.floor((ms + local.offset * HOUR_MS) / 60_000) % 1_440,
      options: options(change),
    });
    return { clock, budgets, local };
  }

  it('take what holds at the start, and change within twenty seconds of the time', async () => {
    const { clock, budgets } = budgeted({
      downloadBytesPerSecond: 70_000,
      schedule: ['22:00-06:00 unlimited'],
    });
    assert.equal(budgets.traffic.rates.download, 70_000, 'before the start');
    budgets.start();
    for (const round of [1, 2]) {
      assert.deepEqual(
        [budgets.now.downloadBytesPerSecond, budgets.now.scheduled],
        [70_000, null],
        `day ${round}`,
      );
      await clock.advance(50_000);
      assert.deepEqual(
        [budgets.now.downloadBytesPerSecond, budgets.now.scheduled],
        [0, '22:00-06:00 unlimited'],
      );
      await clock.advance(8 * HOUR_MS);
      assert.equal(budgets.now.downloadBytesPerSecond, 70_000);
      await clock.advance(16 * HOUR_MS - 50_000);
    }
    budgets.stop();
    assert.equal(clock.pending, 0);
  });

  it('follow the clock on the wall: an hour that comes twice counts twice', async () => {
    const { clock, budgets, local } = budgeted({ schedule: ['22:00-23:00 64KiB'] });
    budgets.start();
    await clock.advance(HOUR_MS + 50_000);
    assert.equal(budgets.now.scheduled, null, 'it is past eleven');
    local.offset = -1;
    await clock.advance(20_000);
    assert.equal(budgets.now.uploadBytesPerSecond, 64 * KIB);
    budgets.stop();
  });

  it('take other options at once, and keep debts where the rates stay', () => {
    const { budgets } = budgeted({ uploadBytesPerSecond: 70_000 });
    budgets.start();
    budgets.traffic.charge('upload', 'a', 7_000_000);
    const before = budgets.traffic.debtMs('upload', 'a');
    assert.ok(before > 90_000);
    budgets.change(options({ uploadBytesPerSecond: 70_000, schedule: ['08:00-09:00 unlimited'] }));
    assert.equal(budgets.traffic.debtMs('upload', 'a'), before);
    budgets.change(options({ uploadBytesPerSecond: 80_000 }));
    assert.equal(budgets.traffic.debtMs('upload', 'a'), 0);
    assert.equal(budgets.now.uploadBytesPerSecond, 80_000);
    budgets.stop();
  });

  it('take UTC where nobody tells the local time', () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1, 22, 0));
    const schedule = ['22:00-22:01 64KiB'];
    assert.equal(new Budgets({ clock, options: options({ schedule }) }).now.scheduled, schedule[0]);
  });
});
