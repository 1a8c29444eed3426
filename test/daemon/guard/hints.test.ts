import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guardOf, hintCheck, type ItemOrigin } from '../../../src/daemon/guard/index.ts';
import { AcceptedHints } from '../../../src/daemon/retention/index.ts';
import { DEFAULT_HINT_OPTIONS } from '../../../src/daemon/retention/options.ts';
import { VirtualClock } from '../../support/clock.ts';

const ORIGIN: ItemOrigin = { via: 'fetch', peer: 'a', publisher: null };
const MILLISECONDS = { unit: 'milliseconds', maxAhead: 1_000 } as const;

function setUp() {
  const clock = new VirtualClock();
  const retention = { floor: 0n };
  const accepted = new AcceptedHints({ clock, retention, options: MILLISECONDS });
  const guard = guardOf([hintCheck(accepted)]);
  const refusal = (hint: number) =>
    guard.refusalOf({ hint: BigInt(hint), id: new Uint8Array(32), bytes: 0 }, ORIGIN);
  return { clock, retention, accepted, refusal };
}

describe('a hint', () => {
  it('in milliseconds may be ahead of the clock up to the bound, and is refused beyond until its time has come', async () => {
    const { clock, refusal } = setUp();
    const ceiling = clock.now() + 1_000;
    assert.equal(refusal(ceiling), null);
    const refused = refusal(ceiling + 1);
    assert.deepEqual([refused?.code, refused?.lasting], ['HINT_TOO_NEW', false]);
    await clock.advance(1);
    assert.equal(refusal(ceiling + 1), null);
  });

  it('below the floor is refused for good', () => {
    const { clock, retention, refusal } = setUp();
    retention.floor = BigInt(clock.now());
    assert.equal(refusal(clock.now()), null);
    const refused = refusal(clock.now() - 1);
    assert.deepEqual([refused?.code, refused?.lasting], ['HINT_TOO_OLD', true]);
  });

  it('has no bound where hints are numbers, or the bound is 0', () => {
    const { clock, accepted, refusal } = setUp();
    const far = clock.now() + 1_000_000;
    for (const options of [DEFAULT_HINT_OPTIONS, { ...MILLISECONDS, maxAhead: 0 }]) {
      accepted.change(options);
      assert.equal(refusal(far), null);
    }
    accepted.change(MILLISECONDS);
    assert.equal(refusal(far)?.code, 'HINT_TOO_NEW');
  });
});
