import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { DEFAULT_DISCOVERY_OPTIONS } from '../../../../src/daemon/mesh/discovery/index.ts';
import type {
  PeerAnnouncement,
  PeerVerdict,
} from '../../../../src/daemon/mesh/discovery/testing.ts';
import {
  Announcer,
  decodeRecord,
  encodeRecord,
} from '../../../../src/daemon/mesh/discovery/testing.ts';
import type { GossipAdmission } from '../../../../src/protocol/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { Log } from '../log.ts';

const A = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const B = '12D3KooWNvHK4U6VqQQQr6Qe89wwbKazUPzQrPZLQmspceywVo3q';
const ADDRESS = '/ip4/192.0.2.1/tcp/1';
const { Accept, Ignore, Reject } = TopicValidatorResult;

/** An announcer over gossip that remembers what is published; chance takes nothing away. */
function create() {
  const clock = new VirtualClock();
  const log = new Log('debug', clock);
  const state = {
    subscribers: ['x'],
    subscribed: [] as string[],
    published: [] as number[],
    listeners: new Map<string, (event: unknown) => void>(),
    validators: new Map<string, (source: unknown, message: unknown) => TopicValidatorResult>(),
    admissions: new Map<string, GossipAdmission>(),
    addresses: [ADDRESS],
    known: 0,
    named: new Set<string>(),
    taken: [] as PeerAnnouncement[],
    verdict: 'known' as PeerVerdict,
    records: [] as Uint8Array[],
    failure: null as Error | null,
    forged: [] as string[],
  };
  const announcer = new Announcer({
    gossip: {
      topicValidators: state.validators,
      admissions: state.admissions,
      addEventListener: (name: string, listener: (event: unknown) => void) =>
        void state.listeners.set(name, listener),
      removeEventListener: (name: string) => void state.listeners.delete(name),
      subscribe: (topic: string) => void state.subscribed.push(`+${topic}`),
      unsubscribe: (topic: string) => void state.subscribed.push(`-${topic}`),
      getSubscribers: () => state.subscribers,
      publish: async (_topic: string, record: Uint8Array) => {
        if (state.failure !== null) throw state.failure;
        state.published.push(clock.monotonic());
        state.records.push(record);
      },
    } as never,
    forged: (peer) => void state.forged.push(peer),
    topic: 't',
    self: peerIdFromString(A),
    clock,
    random: { fraction: () => 1, bytes: (length) => new Uint8Array(length) },
    logger: log.logger,
    options: {
      ...DEFAULT_DISCOVERY_OPTIONS,
      announceMs: 1_000,
      announcePerPeerMs: 100,
      announceMaxMs: 4_000,
    },
    addresses: () => state.addresses.map((text) => multiaddr(text)),
    known: () => state.known,
    knows: (peer) => state.named.has(peer),
    take(announcement) {
      state.taken.push(announcement);
      return state.verdict;
    },
  });
  const judge = (peer: string, from = peer, type = 'signed') => {
    const record = encodeRecord({
      peerId: peerIdFromString(peer),
      addresses: [multiaddr(ADDRESS)],
      sequence: 5n,
      maxAddresses: 8,
    })!;
    const message = { data: record, type, from: peerIdFromString(from) };
    return state.validators.get('t')!('neighbour', message);
  };
  return { clock, log, state, announcer, judge };
}

describe('Announcer', () => {
  it('announces the addresses of the node, often at first and then rarely, numbered by the time', async () => {
    const { clock, state, announcer } = create();
    announcer.start();
    await clock.advance(15_000);
    assert.deepEqual(state.published, [1_000, 3_000, 7_000, 11_000, 15_000]);
    const { peer, addresses, sequence } = decodeRecord(state.records[0]!);
    assert.deepEqual([peer, addresses], [A, [ADDRESS]]);
    assert.equal(sequence, 1_700_000_000_000n + 1_000n);
    announcer.stop();
  });

  it('announces more rarely the more peers are known, beyond its longest pause too', async () => {
    const { clock, state, announcer } = create();
    state.known = 50;
    announcer.start();
    await clock.advance(15_000);
    assert.deepEqual(state.published, [5_000, 10_000, 15_000]);
    announcer.stop();
  });

  it('stays at its shortest pause without listeners, and continues without addresses', async () => {
    const { clock, state, announcer } = create();
    state.subscribers = [];
    announcer.start();
    await clock.advance(2_500);
    assert.deepEqual(state.published, []);
    state.subscribers = ['x'];
    await clock.advance(500);
    assert.deepEqual(state.published, [3_000]);
    state.addresses = [];
    await clock.advance(2_000);
    assert.deepEqual(state.published, [3_000]);
    state.addresses = [ADDRESS];
    await clock.advance(4_000);
    assert.deepEqual(state.published, [3_000, 9_000]);
    announcer.stop();
  });

  it('announces again soon after a new subscriber or a change', async () => {
    for (const cause of ['listener', 'changed', 'news'] as const) {
      const { clock, state, announcer, judge } = create();
      announcer.start();
      await clock.advance(3_500);
      const told = (subscribe: boolean, topic: string) =>
        state.listeners.get('subscription-change')!({
          detail: { subscriptions: [{ subscribe, topic }] },
        });
      told(false, 't');
      told(true, 'other');
      assert.equal(judge(B), Accept);
      if (cause === 'listener') told(true, 't');
      if (cause === 'changed') announcer.changed();
      state.verdict = 'news';
      if (cause === 'news') judge(B);
      await clock.advance(1_000);
      assert.deepEqual(state.published, [1_000, 3_000, 4_500], cause);
      announcer.stop();
    }
  });

  it('accepts the announcement of a peer about itself, and forwards it unless it is stale', () => {
    const { state, announcer, judge } = create();
    announcer.start();
    for (const [verdict, result] of [
      ['news', Accept],
      ['known', Accept],
      ['unwanted', Accept],
      ['stale', Ignore],
    ] as const) {
      state.verdict = verdict;
      assert.equal(judge(B), result, verdict);
    }
    assert.deepEqual(state.taken[0], { peer: B, addresses: [ADDRESS], sequence: 5n });
    announcer.stop();
  });

  it('rejects announcements that are invalid, unsigned, or in the name of another peer', () => {
    const { state, announcer, judge, log } = create();
    announcer.start();
    assert.equal(judge(B, A), Reject);
    assert.equal(judge(B, B, 'unsigned'), Reject);
    const garbage = { data: Uint8Array.of(1), type: 'signed', from: peerIdFromString(B) };
    assert.equal(state.validators.get('t')!('neighbour', garbage), Reject);
    assert.deepEqual(state.taken, []);
    assert.deepEqual(state.forged, Array(3).fill('neighbour'), 'the neighbour answers for them');
    assert.equal(log.lines.length, 3);
    announcer.stop();
  });

  it('admits announcements of one neighbour up to its allowance, copies included', async () => {
    const { clock, state, announcer } = create();
    announcer.start();
    const admits = (from: string, copy = false) =>
      state.admissions.get('t')!({ from, bytes: 1, copy });
    for (let i = 0; i < 2_000; i++) assert.equal(admits('neighbour', i % 2 === 0), true);
    assert.equal(admits('neighbour'), false);
    assert.equal(admits('neighbour', true), false);
    assert.equal(admits('other'), true);
    await clock.advance(20);
    assert.equal(admits('neighbour'), true, 'fifty a second');
    announcer.stop();
    assert.equal(state.admissions.size, 0);
  });

  it('admits announcements of all neighbours together up to a rate, a quarter of it for named peers', async () => {
    const { clock, state, announcer } = create();
    announcer.start();
    state.named.add('named');
    const admitted = (from: string, copy = false) => {
      const answers = Array.from({ length: 1_500 }, () =>
        state.admissions.get('t')!({ from, bytes: 1, copy }),
      );
      return answers.filter(Boolean).length;
    };
    assert.equal(admitted('copier', true), 1_500, 'copies are not checked');
    assert.deepEqual(
      ['a', 'b', 'c', 'named'].map((from) => admitted(from)),
      [1_500, 1_500, 0, 1_000],
    );
    await clock.advance(1_000);
    assert.deepEqual(
      ['d', 'named'].map((from) => admitted(from)),
      [75, 25],
    );
    announcer.stop();
  });

  it('continues when gossip refuses an announcement', async () => {
    const { clock, state, announcer, log } = create();
    announcer.start();
    state.failure = new Error('no mesh');
    await clock.advance(1_000);
    await settle();
    state.failure = null;
    await clock.advance(2_000);
    assert.deepEqual(state.published, [3_000]);
    assert.equal(log.lines[0]!.reason, 'no mesh');
    announcer.stop();
  });

  it('leaves no timer behind when it stops, and can start again', async () => {
    const { clock, state, announcer } = create();
    for (let round = 0; round < 2; round++) {
      announcer.start();
      assert.deepEqual([state.listeners.size, state.validators.size], [1, 1]);
      announcer.stop();
      assert.deepEqual([state.listeners.size, state.validators.size, clock.pending], [0, 0, 0]);
      assert.deepEqual(state.subscribed.splice(0), ['+t', '-t']);
    }
  });
});
