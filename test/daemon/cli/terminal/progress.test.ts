import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Terminal } from '../../../../src/daemon/cli/index.ts';
import { startProgress } from '../../../../src/daemon/cli/terminal/index.ts';
import { RateMeter } from '../../../../src/daemon/cli/terminal/testing.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { VirtualClock } from '../../../support/clock.ts';

/** What a terminal was given last. */
function terminal() {
  const written: string[] = [];
  const on = () => undefined;
  const write = (text: string) => written.push(text) > 0;
  const out = { isTTY: true, columns: 80, write, on, once: on, removeListener: on };
  return { out: out as unknown as Terminal, text: () => written.splice(0).join('') };
}

describe('the rate of work', () => {
  it('is the mean of all samples at first, and follows slowly later', async () => {
    const clock = new VirtualClock();
    const meter = new RateMeter(clock);
    await clock.advance(499);
    meter.count(50);
    assert.equal(meter.perSecond, null);
    await clock.advance(1);
    meter.count(50);
    assert.equal(meter.perSecond, 100);
    let count = 50;
    const work = async (seconds: number, rate: number) => {
      for (let i = 0; i < seconds; i++) {
        await clock.advance(1_000);
        count += rate;
        meter.count(count);
      }
      return Math.round(meter.perSecond!);
    };
    assert.equal(await work(1, 1_100), 783, 'half a second of 100 and a second of 1,100');
    assert.equal(await work(100, 200), 200, 'after a hundred seconds the new rate counts alone');
    assert.equal(await work(1, 1_200), 295, 'a sudden second counts for a tenth');
    assert.equal(await work(100, 0), 0, 'work that stands still has no rate');
  });
});

describe('a progress bar', () => {
  it('shows count, rate and time left, and a new rate for new work', async (context) => {
    const clock = new VirtualClock();
    const { out, text } = terminal();
    const bar = startProgress({ stream: out, clock, label: 'sending', total: 4_000 });
    // A bar that goes on holds the process.
    cleanUp(context, () => bar.end());
    const begun = text();
    assert.match(begun, /sending \[-{20}\] 0\/4,000/);
    assert.ok(!begun.includes('\u001b[?7l'), 'the terminal still wraps its lines');
    await clock.advance(1_000);
    bar.show(1_000);
    bar.end();
    assert.match(text(), /sending \[={5}-{15}\] 1,000\/4,000 · 1,000\/s · 3 s left/);
    const next = startProgress({ stream: out, clock, label: 'a', total: null });
    cleanUp(context, () => next.end());
    await clock.advance(2_000);
    next.show(10);
    next.show(1, { label: 'b', of: 3 });
    next.end();
    const shown = text();
    assert.match(shown, /b \[={6}-{14}\] 1\/3/);
    assert.doesNotMatch(shown, /b .*\/s/, 'the rate of a is not that of b');
  });

  it('shows the time passed where the total is not known, in its own unit', async (context) => {
    const clock = new VirtualClock();
    const { out, text } = terminal();
    const format = (count: number) => `${count} B`;
    const bar = startProgress({ stream: out, clock, label: 'reading', total: null, format });
    cleanUp(context, () => bar.end());
    await clock.advance(5_000);
    bar.show(50);
    bar.end();
    assert.match(text(), /reading 50 B · 10 B\/s · 5 s/);
  });

  it('is full at its end, also where more was done than was known', async (context) => {
    const clock = new VirtualClock();
    const { out, text } = terminal();
    const bar = startProgress({ stream: out, clock, label: 'x', total: 0 });
    cleanUp(context, () => bar.end());
    bar.step();
    bar.show(5, { of: 2 });
    bar.end();
    assert.match(text(), /x \[={20}\] 5\/2/);
  });
});
