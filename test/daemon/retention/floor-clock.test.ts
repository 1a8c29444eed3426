import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FloorClock } from '../../../src/daemon/retention/testing.ts';

const START = 1_700_000_000_000;
const DAY = 86_400_000;
const YEAR = 365 * DAY;

/** A clock that is looked at each ten seconds; wall and monotonic time are set apart. */
function setUp(last = 0) {
  const clock = new FloorClock({ maxGapMs: DAY, last });
  const at = { wall: START, monotonic: 5_000 };
  /** Lets both go on, and the wall clock by so much more. */
  const look = (more = 0, passed = 10_000) => {
    at.wall += passed + more;
    at.monotonic += passed;
    return clock.look(at.wall, at.monotonic);
  };
  return { clock, at, look };
}

describe('the clock of the floor', () => {
  it('is the wall clock while it goes with the monotonic one, and is corrected by a minute', () => {
    const { clock, at, look } = setUp();
    assert.equal(look(), at.wall);
    assert.equal(look(60_000), at.wall);
    assert.equal(look(-60_000), at.wall);
    assert.equal(clock.trouble, null);
  });

  it('stops at a jump of more than a minute, and goes on when the wall clock is back', () => {
    for (const jump of [60_001, -60_001, YEAR, -YEAR]) {
      const { clock, at, look } = setUp();
      look();
      assert.equal(look(jump), null);
      assert.equal(clock.trouble?.code, 'CLOCK_JUMPED');
      assert.equal(look(), null, 'time goes on, and the jump is there');
      assert.equal(look(-jump), at.wall);
      assert.equal(clock.trouble, null);
    }
  });

  it('stops at a year forward in steps that are each too small to be a jump', () => {
    const { look } = setUp();
    look();
    let given = 0;
    for (let step = 0; step < 100; step++) if (look(50_000) !== null) given++;
    assert.ok(given <= 2, `${given} steps were believed`);
  });

  it('bears with a drift of one per cent for ever', () => {
    const { at, look } = setUp();
    for (let i = 0; i < 10_000; i++) assert.equal(look(100), at.wall);
    for (let i = 0; i < 10_000; i++) assert.equal(look(-100), at.wall);
  });

  it('takes a suspended machine, whose monotonic clock stood, for a jump that is confirmed', () => {
    const { clock, at, look } = setUp();
    look();
    assert.equal(look(3_600_000), null);
    clock.confirm();
    assert.equal(clock.trouble, null);
    assert.equal(look(), at.wall);
    assert.equal(look(-3_600_000), null, 'from now on the old time is the wrong one');
  });

  it('believes a first look within a day of the last run, and none that is before it', () => {
    const cases: [behind: number, isBelieved: boolean][] = [
      [DAY, true],
      [DAY + 1, false],
      [-60_000, true],
      [-60_001, false],
      [YEAR, false],
    ];
    for (const [behind, isBelieved] of cases) {
      const { clock, look } = setUp(START + 10_000 - behind);
      assert.equal(look() !== null, isBelieved, `${behind}`);
      assert.equal(clock.trouble === null, isBelieved);
    }
  });

  it('that was wrong at the start goes on when it is right, or when it is confirmed', () => {
    const mended = setUp(START);
    assert.equal(mended.look(YEAR), null);
    assert.equal(mended.look(-YEAR), mended.at.wall);
    const confirmed = setUp(START - 2 * DAY);
    assert.equal(confirmed.look(), null);
    confirmed.clock.confirm();
    assert.equal(confirmed.look(), confirmed.at.wall);
  });

  it('takes another longest gap at run time', () => {
    const { clock, at, look } = setUp(START - 2 * DAY);
    assert.equal(look(), null);
    clock.maxGapMs = 3 * DAY;
    assert.equal(look(), at.wall);
  });
});
