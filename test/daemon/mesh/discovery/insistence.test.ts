import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_DISCOVERY_OPTIONS } from '../../../../src/daemon/mesh/discovery/index.ts';
import { Insistence } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

const WITHIN_MS = 1_000;

function create() {
  const clock = new VirtualClock();
  const options = { ...DEFAULT_DISCOVERY_OPTIONS, insistMs: WITHIN_MS };
  return { clock, insistence: new Insistence({ clock, options }) };
}

describe('Insistence', () => {
  it('is seen in a peer that comes back within the span, and not a millisecond later', async () => {
    const { clock, insistence } = create();
    insistence.closed('in time');
    insistence.closed('late');
    await clock.advance(WITHIN_MS);
    assert.equal(insistence.has('in time'), false, 'not before it is back');
    insistence.connected('in time');
    assert.equal(insistence.has('in time'), true);
    await clock.advance(1);
    insistence.connected('late');
    assert.equal(insistence.has('late'), false);
  });

  it('lasts six times the span, and then has to be shown anew', async () => {
    const { clock, insistence } = create();
    for (let round = 0; round < 2; round++) {
      insistence.closed('a');
      insistence.connected('a');
      await clock.advance(6 * WITHIN_MS);
      assert.equal(insistence.has('a'), true, `round ${round}`);
      await clock.advance(1);
      assert.equal(insistence.has('a'), false, `round ${round}`);
      insistence.connected('a');
      assert.equal(insistence.has('a'), false, 'neither side closed it this time');
    }
  });

  it('ends when the peer takes its time before it comes back', async () => {
    const { clock, insistence } = create();
    insistence.closed('a');
    insistence.connected('a');
    insistence.closed('a');
    await clock.advance(WITHIN_MS + 1);
    insistence.connected('a');
    assert.equal(insistence.has('a'), false);
  });

  it('counts from the last time that the peer was closed', async () => {
    const { clock, insistence } = create();
    insistence.closed('a');
    await clock.advance(WITHIN_MS);
    insistence.closed('a');
    await clock.advance(WITHIN_MS);
    insistence.connected('a');
    assert.equal(insistence.has('a'), true);
  });

  it('is remembered for 1,024 peers, and so are closed peers', () => {
    const { insistence } = create();
    const names = Array.from({ length: 1_025 }, (_, i) => `p${i}`);
    for (const name of names) insistence.closed(name);
    for (const name of names) insistence.connected(name);
    assert.equal(insistence.has('p0'), false, 'the one closed longest ago made room');
    assert.equal(insistence.has('p1'), true);
    // 1,024 insist now, so one more takes the place of the one remembered longest.
    insistence.closed('p0');
    insistence.connected('p0');
    const has = ['p0', 'p1', 'p2'].map((name) => insistence.has(name));
    assert.deepEqual(has, [true, false, true]);
  });

  it('is remembered for the peer closed last, rather than for earlier ones', () => {
    const { insistence } = create();
    insistence.closed('a');
    for (let i = 0; i < 1_023; i++) insistence.closed(`p${i}`);
    insistence.closed('a');
    insistence.closed('last');
    for (const name of ['a', 'p0', 'p1']) insistence.connected(name);
    const has = ['a', 'p0', 'p1'].map((name) => insistence.has(name));
    assert.deepEqual(has, [true, false, true]);
  });
});
