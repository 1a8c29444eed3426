import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Allowance } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

const BURST = 2_048;

/** How many of `tries` the neighbour may pass on. */
function passed(allowance: Allowance, neighbour: string, tries: number): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (allowance.take(neighbour)) count++;
  return count;
}

describe('Allowance', () => {
  it('is a burst of 2,048 for each neighbour, and 50 in a second after it', async () => {
    const clock = new VirtualClock();
    const allowance = new Allowance({ clock });
    assert.equal(passed(allowance, 'a', BURST + 10), BURST);
    assert.equal(passed(allowance, 'b', 1), 1, 'another neighbour has its own');
    for (let second = 0; second < 2; second++) {
      await clock.advance(1_000);
      assert.equal(passed(allowance, 'a', 100), 50);
    }
    await clock.advance(19);
    assert.equal(allowance.take('a'), false);
    await clock.advance(1);
    assert.equal(allowance.take('a'), true);
  });

  it('does not grow beyond the burst however long a neighbour is silent', async () => {
    const clock = new VirtualClock();
    const allowance = new Allowance({ clock });
    allowance.take('a');
    await clock.advance(3_600_000);
    assert.equal(passed(allowance, 'a', BURST + 10), BURST);
  });

  it('is remembered for 1,024 neighbours', () => {
    const allowance = new Allowance({ clock: new VirtualClock() });
    assert.equal(passed(allowance, 'first', BURST), BURST);
    assert.equal(passed(allowance, 'second', BURST), BURST);
    for (let i = 0; i < 1_022; i++) allowance.take(`n${i}`);
    assert.equal(allowance.take('first'), false, '1,024 are remembered');
    allowance.take('one more');
    assert.equal(allowance.take('second'), false, 'one is forgotten for one more, not two');
    assert.equal(allowance.take('first'), true, 'it is the one remembered longest');
  });
});
