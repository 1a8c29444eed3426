import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { DEFAULT_DISCOVERY_OPTIONS } from '../../../../src/daemon/mesh/discovery/index.ts';
import { PeerDials } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { Notices } from '../../../../src/daemon/mesh/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { Log } from '../log.ts';

type Answer = () => Promise<string>;

/** Dials under virtual time; `answers` says what comes of each address, in order. */
function create(answers: Record<string, Answer>) {
  const clock = new VirtualClock();
  const log = new Log('debug', clock);
  const dialled: string[] = [];
  const dials = new PeerDials({
    dial: {
      dial(address) {
        dialled.push(address);
        return answers[address.split('/')[0]!]!();
      },
    },
    known: { addressesOf: () => Object.keys(answers) },
    clock,
    logger: log.logger,
    notices: new Notices({ clock, logger: log.logger }),
    options: { ...DEFAULT_DISCOVERY_OPTIONS, dialTimeoutMs: 1_000 },
  });
  return { clock, log, dialled, dials };
}

const fails = (code: 'DIAL_FAILED' | 'PEER_REFUSED') => () =>
  Promise.reject(new DaemonError(code, `about ${code}`));
const never: Answer = () => new Promise(() => undefined);

describe('PeerDials', () => {
  it('dials one address after the other, and names the one that worked', async () => {
    const { clock, dialled, dials, log } = create({
      x: fails('DIAL_FAILED'),
      y: () => Promise.reject('no error at all'),
      z: async () => 'p',
      unused: async () => 'p',
    });
    for (let round = 1; round <= 2; round++) {
      const dialling = dials.dial('p');
      assert.deepEqual([dials.size, dials.has('p'), dials.has('q')], [1, true, false]);
      assert.equal(await dialling, 'z');
      assert.deepEqual([dials.size, dials.has('p')], [0, false], 'its place is free again');
    }
    assert.deepEqual(dialled, ['x/p2p/p', 'y/p2p/p', 'z/p2p/p', 'x/p2p/p', 'y/p2p/p', 'z/p2p/p']);
    assert.equal(clock.pending, 0);
    assert.ok(log.lines.every(({ level, code }) => level === 'debug' && code === 'DIAL_FAILED'));
    assert.equal(log.lines[0]!.address, 'x');
  });

  it('ends at a peer that refuses us, which is logged once', async () => {
    const { dialled, dials, log } = create({ x: fails('PEER_REFUSED'), y: async () => 'p' });
    assert.equal(await dials.dial('p'), null);
    assert.equal(await dials.dial('p'), null);
    assert.deepEqual(dialled, ['x/p2p/p', 'x/p2p/p']);
    assert.deepEqual(
      log.lines.map(({ level, code, peer }) => [level, code, peer]),
      [['warn', 'PEER_REFUSED', 'p']],
    );
  });

  it('gives up a peer whose addresses together take too long, and frees its place', async () => {
    const { clock, dialled, dials, log } = create({ x: never, y: async () => 'p' });
    for (let round = 1; round <= 2; round++) {
      const dialling = dials.dial('p');
      await clock.advance(999);
      assert.equal(dials.size, 1);
      await clock.advance(1);
      assert.equal(await dialling, null);
      assert.deepEqual([dials.size, clock.pending], [0, 0]);
    }
    assert.deepEqual(dialled, ['x/p2p/p', 'x/p2p/p']);
    assert.match(log.lines[0]!.msg, /did not answer in time/);
  });

  it('aborts every dial when it stops', async () => {
    const { clock, dials } = create({ x: never });
    const dialling = [dials.dial('p'), dials.dial('q')];
    assert.equal(dials.size, 2);
    dials.stop();
    await settle();
    assert.deepEqual(await Promise.all(dialling), [null, null]);
    assert.deepEqual([dials.size, clock.pending], [0, 0]);
  });

  it('fails for a peer without an address', async () => {
    const { dials } = create({});
    assert.equal(await dials.dial('p'), null);
  });
});
