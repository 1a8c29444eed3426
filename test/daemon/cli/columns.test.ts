import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Status } from '../../../src/daemon/index.ts';
import { seed } from '../../support/damage.ts';
import type { FakeNode } from '../admin/fake-node.ts';
import { peerStatus } from '../peer-status.ts';
import { openStation, type Ran, run, type Station } from './terminal.ts';
import { verbsOf } from './tree.ts';

const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
const ADDRESS = `/ip6/2001:db8:85a3:1111:2222:8a2e:370:7334/tcp/65535/p2p/${PEER}`;
const ID = 'ab'.repeat(32);
const HINT = '18446744073709551614';
const AT = '2026-11-30T20:57:55.123Z';
const REASON = `${PEER} has not proved within twice sync.proveMs that all its items are here; its last session failed: the peer sent no frame for 30,000 ms`;
const ERROR = { code: 'PEER_OF_OTHER_NETWORK', message: REASON };

/** They print data as it is, or what the user gave, such as paths. */
const NOT_FOR_READING: readonly string[] = [
  ...['start', 'init', 'id', 'keygen psk', 'put', 'get', 'changes'],
  ...['config check', 'config schema', 'completion'],
];

const SESSION = {
  role: 'responder' as const,
  dialect: 'commonware',
  efficiency: 12.5,
  durationMs: 123_456.789,
  rounds: 1_000,
  bytesSent: 1e9,
  bytesReceived: 1e9,
  missing: 1_234_567,
  missingThere: 1_234_567,
  error: null,
  startedAt: AT,
};

const PROVED = { at: AT, whole: false, interval: { lower: `${HINT}:abcd`, upper: `${HINT}:ef01` } };

const LONG_PEER = peerStatus({
  peerId: PEER,
  address: ADDRESS,
  connected: true,
  coversAsOf: PROVED,
  equalAsOf: PROVED,
  lastSession: { ...SESSION, error: ERROR },
  lastError: { ...ERROR, at: AT },
  standing: {
    role: 'replicate',
    score: 99.9,
    lastPenalty: { code: 'WRONG_ANNOUNCEMENT', protocol: 'gossip', at: AT },
    bannedUntil: AT,
  },
  speaks: { networks: ['n'.repeat(64)], dialects: ['native/1', 'commonware/1'] },
});

const LONG_RETENTION: Status['retention'] = {
  ...{ floor: HINT, goal: HINT, left: 1_234_567, running: true },
  ...{ removedItems: 1_234_567, removedBytes: 1e12, waits: ERROR },
};

/** Answers as they are long, though none is out of the ordinary. */
function fill(node: FakeNode): void {
  const gap = { lacks: 1_234, lacksSince: AT, unlisted: 1_234 };
  const key = { id: ID, hint: HINT };
  const entry = { ...SESSION, number: 12_345, peerId: PEER, equal: false };
  const sessions = (['settle', 'survey', 'compare'] as const).map((purpose) => {
    return { ...entry, purpose, error: purpose === 'compare' ? ERROR : null };
  });
  node.judgement = { state: 'behind', reason: REASON, lagSeconds: null };
  node.peers = () => [LONG_PEER, { ...LONG_PEER, peerId: null, lastError: null }];
  node.dial = async () => LONG_PEER;
  node.forget = (address) => [address];
  node.forgetPeer = async () => [ADDRESS];
  node.why = async () => ({
    ...{ state: 'wanted', since: AT, confirmed: false, sources: [PEER, PEER], bytes: 5 },
    ...{ fetchingFrom: PEER, expiresAt: AT },
    attempts: [{ peerId: PEER, at: AT, outcome: 'failed', error: ERROR }],
  });
  node.pardon = () => LONG_PEER;
  node.sync = async () => [{ ...entry, refused: 7, error: ERROR }];
  const { status } = node;
  node.status = () => ({
    ...status.call(node),
    addresses: [ADDRESS],
    incidents: [{ at: AT, ...ERROR }],
    refusing: ERROR,
    retention: LONG_RETENTION,
  });
  Object.assign(node.explain, {
    synced: async () => ({
      ...{
        ...node.judgement,
        synced: false,
        maxLagSeconds: null,
        provedSince: null,
        lagSeconds: 1,
      },
      ...{ wanted: 1_234_567, orphans: 1_234_567, refused: 1_234_567 },
      peers: [{ ...LONG_PEER, ...gap, lagSeconds: 3.5, error: ERROR }],
    }),
    diff: async () => ({
      ...{ peerId: PEER, from: '0', to: HINT, equal: false, truncated: true },
      ...{ counts: { here: 1, there: 1 }, onlyHere: [key], onlyThere: [key], unlisted: [key] },
    }),
    sessions: () => ({
      running: [
        { peerId: PEER, session: null },
        { peerId: PEER, session: SESSION },
      ],
      ended: sessions,
    }),
    wants: async () => ({
      ...{ wanted: 1, orphans: 1, cursor: null },
      items: [
        { id: ID, since: AT, confirmed: true, sources: [PEER, PEER], fetchingFrom: PEER, bytes: 5 },
      ],
    }),
    peer: () => ({ ...LONG_PEER, ...gap, wanted: 1_234_567, running: true, sessions }),
  });
  Object.assign(node, {
    events: {
      place: () => 'place',
      async *read() {
        const facts = { role: 'initiator', dialect: 'native', durationMs: 1, equal: false };
        const counts = { missing: 1_234, missingThere: 1_234 };
        const event = { type: 'session', peer: PEER, ...facts, ...counts, error: ERROR };
        yield { number: 1, at: 0, event };
      },
    },
  });
}

describe('text for people', () => {
  let station: Station;
  const on = (...argv: string[]) => run([...argv, ...station.target], { tty: true, outTty: true });
  /** Each verb whose output people read. */
  const uses: Record<string, () => Promise<Ran>> = {
    why: () => on('why', ID),
    ls: () => on('ls'),
    export: () => on('export', '-o', join(station.scratch, 'exported')),
    import: () => on('import', join(station.scratch, 'lines')),
    status: () => on('status'),
    probe: () => on('probe', 'live'),
    peers: () => on('peers'),
    'peers add': () => on('peers', 'add', ADDRESS),
    'peers show': () => on('peers', 'show', PEER),
    'peers remove': () => on('peers', 'remove', ADDRESS),
    'peers forget': () => on('peers', 'forget', PEER),
    'peers pardon': () => on('peers', 'pardon', PEER),
    refuse: () => on('refuse', ID, '--reason', REASON),
    'refused ls': () => on('refused', 'ls'),
    unrefuse: () => on('unrefuse', ID),
    retention: () => on('retention'),
    'retention confirm': () => on('retention', 'confirm'),
    sync: () => on('sync'),
    synced: () => on('synced'),
    diff: () => on('diff', PEER),
    sessions: () => on('sessions'),
    wants: () => on('wants'),
    events: () => on('events'),
    pause: () => on('pause', PEER, '--keep'),
    resume: () => on('resume'),
    compact: () => on('compact'),
    'config show': () => on('config', 'show'),
    'config reload': () => on('config', 'reload'),
    'log level': () => on('log', 'level'),
    doctor: () => on('doctor'),
    verify: () => run(['verify', '--data-dir', join(station.scratch, 'stopped')], { outTty: true }),
  };

  before(async () => {
    station = await openStation();
    await writeFile(join(station.scratch, 'lines'), `{"hint":${HINT}}\n`);
    await mkdir(join(station.scratch, 'stopped'));
    await seed(join(station.scratch, 'stopped'), 3);
    await station.node.put(new Uint8Array(5), BigInt(HINT));
    fill(station.node);
    const { control } = station;
    control.confirmRetention = () => LONG_RETENTION;
    const refusal = { id: ID, at: AT, by: 'operator', hint: HINT, reason: REASON } as const;
    const counts = { operator: 1, policy: 0 };
    control.listRefused = async () => ({ counts, items: [refusal], cursor: null });
    control.pause = async () => ({ all: true, peers: [PEER], kept: { all: true, peers: [PEER] } });
  });
  after(() => station.close());

  it('fits 80 columns of a terminal, whatever the values are', async () => {
    const verbs = [...verbsOf().keys()].filter((verb) => !NOT_FOR_READING.includes(verb));
    assert.deepEqual(Object.keys(uses).sort(), verbs.sort());
    for (const [verb, use] of Object.entries(uses)) {
      const { stdout, stderr } = await use();
      assert.notEqual(stdout, '', `${verb}: ${stderr}`);
      for (const line of stripVTControlCharacters(stdout).split('\n')) {
        assert.ok(line.length <= 80, `${verb}: ${line.length} columns: ${line}`);
      }
    }
  });

  it('is whole with --wide', async () => {
    for (const [verb, options] of verbsOf()) {
      if (!options.includes('--wide')) continue;
      const words = verb.split(' ');
      const last = ['diff', 'peers show'].includes(verb) ? [PEER] : [];
      const wide = await on(...words, ...last, '--wide');
      const piped = await run([...words, ...last, ...station.target]);
      const same = stripVTControlCharacters(wide.stdout);
      if (verb !== 'ls' && verb !== 'doctor') assert.equal(same, piped.stdout, verb);
      const short = verb !== 'ls' && same.includes('…');
      assert.equal(short, false, verb);
    }
  });
});
