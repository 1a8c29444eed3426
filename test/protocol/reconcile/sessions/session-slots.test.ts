import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Channel, EVERYTHING, type ReconcileOptions } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { ByHand } from './by-hand.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const [ONE, NINE] = idsOf(1, 9) as [Uint8Array, Uint8Array];
const NAMES = ['p', 'q', 'r', 's'] as const;
type Name = (typeof NAMES)[number];

/** A node with few places for sessions, and four peers whose sessions the test ends one by one. */
async function setUp(options: Partial<ReconcileOptions>) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('places') });
  const hub = new Peer({ network: network.node('hub'), clock, ids: [ONE], options });
  const hands = {} as Record<Name, ByHand>;
  const streams = {} as Record<Name, () => Promise<Channel>>;
  for (const name of NAMES) {
    hands[name] = new ByHand({ clock, node: network.node(name), protocol: PROTOCOL });
    streams[name] = await hands[name].listen();
    network.connect('hub', name, { latencyMs: 1 });
  }
  await hub.service.start();
  await clock.advance(10);
  /** The peer begins a session; the hub answers when it has a place. */
  const begin = async (name: Name): Promise<Channel> => {
    const channel = await hands[name].open('hub');
    await hands[name].say(channel, NINE);
    return channel;
  };
  return { clock, network, hub, hands, streams, begin };
}

type Scene = Awaited<ReturnType<typeof setUp>>;

/** Sessions that the hub begins: which of the streams it has opened. */
function calls({ clock, hub, streams, hands }: Scene) {
  const running = new Map<Name, ReturnType<Peer['service']['reconcile']>>();
  const open = new Map<Name, Channel>();
  return {
    begin: (name: Name) => void running.set(name, hub.service.reconcile(name)),
    async opened(name: Name) {
      const channel = await streams[name]();
      open.set(name, channel);
      assert.deepEqual(await hands[name].hear(channel), ONE);
    },
    async end(name: Name) {
      const channel = open.get(name)!;
      await hands[name].say(channel, NINE);
      await hands[name].close(channel);
      return soon(clock, `the session with ${name} ends`, running.get(name)!, 100);
    },
    report: (name: Name) => soon(clock, `the session with ${name} ends`, running.get(name)!, 100),
  };
}

describe('slots for sessions that a node begins', () => {
  it('are limited, and each is free again when its session ends', async () => {
    const scene = await setUp({ maxSessions: 2 });
    const { hub, clock } = scene;
    const { begin, opened, end } = calls(scene);
    for (let round = 0; round < 3; round++) {
      for (const name of NAMES) begin(name);
      await opened('p');
      await opened('q');
      await clock.advance(100);
      assert.equal(hub.held, 2, 'two at a time');
      for (const [leaving, coming] of [
        ['q', 'r'],
        ['p', 's'],
      ] as const) {
        assert.equal((await end(leaving)).error, null);
        await opened(coming);
        assert.equal(hub.held, 2, 'the next one has its place');
      }
      for (const name of ['r', 's'] as const) assert.equal((await end(name)).error, null);
      assert.equal(hub.held, 0);
    }
  });

  it('are free again when a session fails, or its peer disconnects while it waits', async () => {
    const scene = await setUp({ maxSessions: 1 });
    const { hub, network, clock } = scene;
    const { begin, opened, end, report } = calls(scene);
    for (let round = 0; round < 3; round++) {
      for (const name of NAMES) begin(name);
      await opened('p');
      network.disconnect('hub', 'q');
      assert.equal((await report('q')).error?.code, 'STREAM_FAILED');
      network.disconnect('hub', 'p');
      assert.equal((await report('p')).error?.code, 'STREAM_FAILED');
      await opened('r');
      assert.equal((await end('r')).error, null);
      await opened('s');
      assert.equal((await end('s')).error, null);
      assert.equal(hub.held, 0);
      for (const name of ['p', 'q']) network.connect('hub', name);
      await clock.advance(10);
    }
  });

  it('are separate from slots for sessions that peers begin', async () => {
    const scene = await setUp({ maxSessions: 1 });
    const { begin, opened, end } = calls(scene);
    begin('p');
    await opened('p');
    const inbound = await scene.begin('q');
    assert.deepEqual(
      await scene.hands.q.hear(inbound),
      ONE,
      'an inbound session is served meanwhile',
    );
    await scene.hands.q.close(inbound);
    assert.equal((await end('p')).error, null);
  });
});

describe('slots for sessions that peers begin', () => {
  it('are limited, and each is free again when its session ends', async () => {
    const { hub, hands, begin, clock } = await setUp({ maxSessions: 2 });
    for (let round = 0; round < 3; round++) {
      const inbound = {} as Record<Name, Channel>;
      for (const name of NAMES) inbound[name] = await begin(name);
      await clock.advance(100);
      assert.equal(hub.held, 2, 'two at a time');
      for (const [at, name] of NAMES.entries()) {
        assert.deepEqual(await hands[name].hear(inbound[name]), ONE, `${name} is served`);
        assert.equal(hub.held, Math.min(2, 4 - at), 'and no more than two');
        await hands[name].close(inbound[name]);
      }
      assert.equal(hub.held, 0);
    }
    assert.equal(hub.ended.length, 12);
    assert.ok(hub.ended.every(({ error, role }) => error === null && role === 'responder'));
  });

  it('are free again when a session fails, or its peer disconnects while it waits', async () => {
    const { hub, network, hands, begin, clock } = await setUp({ maxSessions: 1 });
    for (let round = 0; round < 3; round++) {
      await begin('p');
      await begin('q');
      const last = await begin('r');
      for (const name of ['q', 'p']) network.disconnect('hub', name);
      assert.deepEqual(await hands.r.hear(last), ONE, 'r is served once the others are gone');
      await hands.r.close(last);
      assert.equal(hub.held, 0);
      for (const name of ['p', 'q']) network.connect('hub', name);
      await clock.advance(10);
    }
    assert.equal(clock.pending, 0, 'no timer is left');
  });

  it('are not taken by a stream without a frame', async () => {
    const { hands, begin } = await setUp({ maxSessions: 1 });
    await hands.p.open('hub');
    await hands.q.open('hub');
    const inbound = await begin('r');
    assert.deepEqual(await hands.r.hear(inbound), ONE);
  });

  it('are given up by the session that has run for giveWayMs, when others wait', async () => {
    const { hub, hands, begin, clock } = await setUp({
      maxSessions: 1,
      giveWayMs: 5_000,
      frameTimeoutMs: 60_000,
    });
    await begin('p');
    for (const [slow, waiting] of [
      ['p', 'q'],
      ['q', 'r'],
    ] as const) {
      const inbound = await begin(waiting);
      await clock.advance(4_000);
      assert.equal(inbound.receivedBytes, 0, `${slow} has its time`);
      await clock.advance(1_000);
      assert.deepEqual(await hands[waiting].hear(inbound), ONE, `${waiting} has the slot`);
      assert.match(hub.ended.at(-1)!.error!.message, /gave way/);
    }
  });
});

describe('a session that got no stream', () => {
  it('has a report with peer, dialect, times and error alone', async () => {
    const { hub, clock, network } = await setUp({ openTimeoutMs: 2_000 });
    const nothing = {
      role: 'initiator',
      rounds: 0,
      bytesSent: 0,
      bytesReceived: 0,
      missing: 0,
      equal: false,
      equalExcept: 0,
      version: 0,
      finding: null,
      asked: null,
      interval: EVERYTHING,
      mode: 'reconcile',
      outlines: null,
      survey: [],
      efficiency: null,
      continueFrom: null,
    };
    const stranger = await soon(clock, 'it ends', hub.service.reconcile('stranger'), 0);
    assert.equal(stranger.error?.code, 'UNKNOWN_PEER');
    const now = clock.now();
    const known = { startedAt: now, asOf: now, durationMs: 0, error: stranger.error };
    assert.deepEqual(stranger, { ...nothing, ...known, peer: 'stranger', dialect: '' });
    network.connect('hub', 'far', { latencyMs: 1_500 });
    const far = new ByHand({ clock, node: network.node('far'), protocol: PROTOCOL });
    await far.listen();
    await clock.advance(5_000);
    for (let round = 0; round < 2; round++) {
      const startedAt = clock.now();
      const late = await soon(clock, 'it ends', hub.service.reconcile('far'), 2_000);
      assert.equal(late.error?.code, 'TIMEOUT');
      assert.match(late.error!.message, /no stream opened within 2000 ms/);
      const { error } = late;
      const timed = { startedAt, asOf: startedAt, durationMs: 2_000, error };
      assert.deepEqual(late, { ...nothing, ...timed, peer: 'far', dialect: 'tiny' });
      assert.equal(hub.held, 0);
    }
  });
});
