import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DaemonError } from '../../../../src/daemon/index.ts';
import {
  HearsayDial,
  type HostRules,
  mayDialHost,
} from '../../../../src/daemon/mesh/bounds/index.ts';
import {
  DEFAULT_DISCOVERY_OPTIONS,
  type DiscoveryOptions,
} from '../../../../src/daemon/mesh/discovery/index.ts';
import { VirtualClock } from '../../../support/clock.ts';

const PEER = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const NONE: HostRules = { loopback: false, lan: false };
const signal = new AbortController().signal;

interface Setup {
  readonly options?: Partial<DiscoveryOptions>;
  readonly allowed?: HostRules;
  /** What each name resolves to. */
  readonly names?: Record<string, string[]>;
  readonly answer?: (address: string) => Promise<string>;
}

function create({ options, allowed = NONE, names = {}, answer = async () => PEER }: Setup = {}) {
  const clock = new VirtualClock();
  const dialled: string[] = [];
  const families: number[] = [];
  const dial = new HearsayDial({
    dial: {
      self: 'self',
      connected: () => false,
      brought: () => false,
      watch: () => () => undefined,
      dial(address) {
        dialled.push(address);
        return answer(address);
      },
    },
    network: {
      async lookup(name, family) {
        families.push(family);
        if (names[name] === undefined) throw new Error(`no ${name}`);
        return names[name];
      },
      addresses: () => [],
    },
    clock,
    allowed,
    options: { ...DEFAULT_DISCOVERY_OPTIONS, ...options },
  });
  return { clock, dial, dialled, families };
}

const at = (host: string) => `${host}/tcp/1/p2p/${PEER}`;

describe('a host of which a peer told', () => {
  const never = [
    ...['0.0.0.0', '::', '0.1.2.3', '::ffff:0.0.0.0', '255.255.255.255', '224.0.0.251', 'ff02::fb'],
    ...['169.254.169.254', '::ffff:a9fe:a9fe', 'fe80::1', '240.0.0.1', '64:ff9b::7f00:1'],
    ...['::7f00:1', '::2', '::a00:1', '::ffff:0:7f00:1', '4000::1', 'fec0::1'],
  ];
  const loopback = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:7f00:1', 'localhost', 'x.localhost.'];
  const lan = ['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1', '::ffff:a00:1'];
  const always = ['8.8.8.8', '2a00::1', '::ffff:808:808', 'a.example', 'localhost.example'];
  const fit = (rules: HostRules) =>
    [...never, ...loopback, ...lan, ...always].filter((host) => mayDialHost(host, rules));

  it('is dialled if it is public, or of the kind that this node reaches', () => {
    assert.deepEqual(fit(NONE), always);
    assert.deepEqual(fit({ loopback: true, lan: false }), [...loopback, ...always]);
    assert.deepEqual(fit({ loopback: false, lan: true }), [...lan, ...always]);
  });

  it('is judged by what its name resolves to, and that is what is dialled', async () => {
    const names = {
      good: ['127.0.0.1', '10.0.0.1', '1.2.3.4', '2a00::1'],
      bad: ['127.0.0.1', '169.254.169.254'],
    };
    const { dial, dialled, families } = create({ names, answer: () => Promise.reject('down') });
    await assert.rejects(dial.dial(at('/dns/bad'), signal), {
      code: 'DIAL_FAILED',
      message: /leads to 127\.0\.0\.1, 169\.254\.169\.254.* add the address to network\.peers/,
    });
    await assert.rejects(dial.dial(at('/dns6/missing'), signal), { code: 'DIAL_FAILED' });
    assert.deepEqual(dialled, []);
    await assert.rejects(async () => dial.dial(at('/dns4/good'), signal));
    assert.deepEqual(dialled, [at('/ip4/1.2.3.4'), at('/ip6/2a00::1')]);
    assert.deepEqual(families, [0, 6, 4]);
  });

  it('ends at the address whose peer refuses us', async () => {
    const refuse = () => Promise.reject(new DaemonError('PEER_REFUSED', 'no'));
    const { dial, dialled } = create({ names: { a: ['1.2.3.4', '1.2.3.5'] }, answer: refuse });
    await assert.rejects(dial.dial(at('/dns/a'), signal), { code: 'PEER_REFUSED' });
    assert.equal(dialled.length, 1);
  });
});

describe('dials on hearsay', () => {
  it('are bounded in total, names and addresses alike, and pass again with time', async () => {
    const { clock, dial } = create({
      options: { hearsayBurstSeconds: 3, hearsayPerSecond: 1 },
      names: { many: ['1.0.0.1', '1.0.0.2', '1.0.0.3', '1.0.0.4', '1.0.0.5'] },
      answer: () => Promise.reject(new Error('down')),
    });
    assert.equal(dial.ready, true);
    await assert.rejects(dial.dial(at('/dns/many'), signal));
    assert.equal(dial.ready, false, 'four were dialled');
    await clock.advance(999);
    assert.equal(dial.ready, false);
    await clock.advance(2);
    assert.equal(dial.ready, true);
    await assert.rejects(dial.dial(at('/dns/missing'), signal));
    assert.equal(dial.ready, false, 'looking up a name counts too');
  });

  it('are bounded for each host, whatever the port, but not on this machine', async () => {
    const options = { hostBurstSeconds: 4, hostPerSecond: 0.5 };
    const answer = () => Promise.reject(new Error('down'));
    const allowed = { loopback: true, lan: false };
    const { clock, dial, dialled } = create({ options, answer, allowed });
    const knock = (host: string, port: number) =>
      assert.rejects(async () => dial.dial(`/ip4/${host}/tcp/${port}/p2p/${PEER}`, signal));
    for (let port = 1; port <= 4; port++) await knock('1.2.3.4', port);
    assert.equal(dialled.length, 2);
    for (let port = 1; port <= 4; port++) await knock('127.0.0.1', port);
    assert.equal(dialled.length, 6);
    await knock('1.2.3.5', 1);
    await clock.advance(2_000);
    await knock('1.2.3.4', 1);
    await knock('1.2.3.4', 1);
    assert.equal(dialled.length, 8);
  });

  it('count one host in all its spellings', async () => {
    const { dial, dialled } = create({ options: { hostBurstSeconds: 5 } });
    await dial.dial(at('/ip4/1.2.3.4'), signal);
    await assert.rejects(dial.dial(at('/ip6/::ffff:102:304'), signal), /dialled often enough/);
    assert.equal(dialled.length, 1);
  });

  it('do not count an IP address that led to its peer, until it fails', async () => {
    let up = true;
    const answer = () => (up ? Promise.resolve(PEER) : Promise.reject(new Error('down')));
    const { dial, dialled } = create({
      options: { hearsayBurstSeconds: 0, hostBurstSeconds: 5 },
      answer,
    });
    const address = at('/ip4/1.2.3.4');
    assert.equal(dial.hasProven(address), false);
    for (let round = 0; round < 3; round++) assert.equal(await dial.dial(address, signal), PEER);
    assert.equal(dialled.length, 3);
    assert.deepEqual([dial.hasProven(address), dial.ready], [true, false]);
    up = false;
    await assert.rejects(dial.dial(address, signal), /down/);
    assert.equal(dial.hasProven(address), false);
    await assert.rejects(dial.dial(address, signal), /dialled often enough/);
    assert.equal(dialled.length, 4);
  });

  it('do not take an address for proven that led to another peer', async () => {
    const { dial } = create({ answer: async () => 'self' });
    await dial.dial(at('/ip4/1.2.3.4'), signal);
    assert.equal(dial.hasProven(at('/ip4/1.2.3.4')), false);
  });

  it('count names always, since these may lead elsewhere than before', async () => {
    const names: Record<string, string[]> = { turns: ['1.2.3.4'] };
    const { dial, dialled } = create({ options: { hostBurstSeconds: 10 }, names });
    const address = at('/dns/turns');
    assert.equal(await dial.dial(address, signal), PEER);
    assert.equal(dial.hasProven(address), false);
    names.turns = ['1.2.3.5'];
    for (let round = 0; round < 2; round++) await dial.dial(address, signal);
    await assert.rejects(dial.dial(address, signal), /dialled often enough/);
    assert.equal(dialled.length, 3);
  });
});
