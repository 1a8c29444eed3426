import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { createIdentity } from '../../../../src/daemon/keys/index.ts';
import { HearsayDial } from '../../../../src/daemon/mesh/bounds/index.ts';
import { DEFAULT_DISCOVERY_OPTIONS } from '../../../../src/daemon/mesh/discovery/index.ts';
import { ConnectionManager, KnownPeers } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { Notices } from '../../../../src/daemon/mesh/index.ts';
import { systemRandom } from '../../../../src/daemon/system/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { SeededRandom } from '../../../support/random.ts';
import { Log } from '../log.ts';

describe('forged records', () => {
  it('make a node without peers dial at most 156 addresses in the first minute, and then 1 a second', async () => {
    const clock = new VirtualClock();
    const { logger } = new Log('silent', clock);
    const random = new SeededRandom('forged');
    const options = DEFAULT_DISCOVERY_OPTIONS;
    let dialled = 0;
    const dial = new HearsayDial({
      dial: {
        self: 'self',
        connected: () => false,
        brought: () => false,
        watch: () => () => undefined,
        async dial() {
          dialled++;
          throw new DaemonError('DIAL_FAILED', 'there is no peer');
        },
      },
      network: { lookup: async () => [], addresses: () => [] },
      clock,
      options,
      allowed: { loopback: false, lan: false },
    });
    const known = new KnownPeers({
      ...{ self: 'self', clock, random, options },
      allowed: () => true,
      connected: () => false,
      changed: () => manager.changed(),
    });
    const manager: ConnectionManager = new ConnectionManager({
      ...{ dial, known, clock, random, logger, options },
      notices: new Notices({ clock, logger }),
      neighbours: {
        connected: () => [],
        configured: () => false,
        busy: () => false,
        close: async () => undefined,
      },
    });
    manager.start();
    const forgers = await Promise.all(
      Array.from({ length: 32 }, () => createIdentity(systemRandom)),
    );
    let forged = 0;
    const passMinute = async () => {
      const before = dialled;
      for (let second = 0; second < 60; second++) {
        for (const { peerId: peer } of forgers) {
          const addresses = Array.from({ length: 8 }, () => {
            forged++;
            return `/ip4/8.${forged >> 16}.${(forged >> 8) & 255}.${forged & 255}/tcp/1`;
          });
          known.announced({ peer, addresses, sequence: BigInt(clock.now()) });
        }
        await clock.advance(1_000);
      }
      return dialled - before;
    };
    const first = await passMinute();
    assert.ok(first >= 60 && first <= 32 + 60 + 8 * options.maxAddresses, `${first}`);
    const second = await passMinute();
    assert.ok(second <= 60 + 8 * options.maxAddresses, `${second}`);
    manager.stop();
  });
});
