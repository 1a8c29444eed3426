import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { A, ONE, SELF, setUp, TWO } from './fake-dial.ts';

const THREE = '/ip4/192.0.2.3/tcp/4001';

describe('new addresses of the configuration', () => {
  it('replace the old ones, and leave those that an operator added', async () => {
    const { clock, dial, dialer } = setUp({ jitter: 0 });
    dialer.add(ONE);
    dialer.start();
    await dialer.dial(THREE).catch(() => undefined);
    dial.there.set(TWO, A);
    const apply = dialer.prepare([TWO, `/ip4/192.0.2.9/tcp/1/p2p/${SELF}`]);
    assert.deepEqual(
      dialer.addresses.map(({ address }) => address),
      [ONE, THREE],
      'nothing changes before',
    );
    apply();
    assert.deepEqual(
      dialer.addresses.map(({ address, source }) => [address, source]),
      [
        [THREE, 'runtime'],
        [TWO, 'config'],
      ],
    );
    await clock.advance(1_000);
    assert.equal(dial.connected(A), true);
    assert.equal(dial.dialled.includes(ONE), false);
  });

  it('leave the connection to a peer that is not named any more', async () => {
    const { clock, dial, dialer } = setUp({ jitter: 0 });
    dial.there.set(ONE, A);
    dialer.add(ONE);
    dialer.start();
    await clock.advance(1_000);
    dialer.prepare([])();
    assert.deepEqual([dial.connected(A), dialer.addresses, dialer.keeps(A)], [true, [], false]);
  });

  it('are refused when they are one too many, and when one is none', () => {
    const { dialer } = setUp({ maxAddresses: 2 });
    dialer.add(ONE, 'runtime');
    dialer.add(TWO);
    dialer.prepare([THREE]);
    assert.throws(() => dialer.prepare([TWO, THREE]), { code: 'TOO_MANY_ADDRESSES' });
    assert.throws(() => dialer.prepare(['nonsense']), { code: 'INVALID_ADDRESS' });
    assert.equal(dialer.addresses.length, 2);
  });
});
