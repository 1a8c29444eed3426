import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Channel,
  ProtocolError,
  type ReconcileOptions,
} from '../../../../src/protocol/index.ts';
import { StoreError } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { type LinkInit, MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const LARGE = { maxFrameBytes: 1 << 20 };

interface Pair {
  clock: VirtualClock;
  network: MemoryNetwork;
  a: Peer;
  b: Peer;
}

/** Two connected nodes, `a` with the smaller id: a holds 1 2 3, b holds 3 4. */
async function pair(
  init: {
    link?: LinkInit;
    warmUp?: number;
    options?: Partial<ReconcileOptions>;
    seed?: string;
  } = {},
): Promise<Pair> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom(init.seed ?? 'pair') });
  const dialects = [tinyDialect({ warmUp: init.warmUp ?? 0 })];
  const options = init.options ?? {};
  const a = new Peer({ network: network.node('a'), clock, ids: idsOf(1, 2, 3), dialects, options });
  const b = new Peer({ network: network.node('b'), clock, ids: idsOf(3, 4), dialects, options });
  await Promise.all([a.service.start(), b.service.start()]);
  network.connect('a', 'b', init.link ?? { latencyMs: 10 });
  await clock.advance(20);
  return { clock, network, a, b };
}

function assertQuiet({ clock, a, b }: Pair): void {
  assert.equal(clock.pending, 0, 'no timer is left');
  assert.equal(a.held + b.held, 0, 'every snapshot is released');
}

describe('ReconcileService: one session', () => {
  it('learns on both sides what each lacks, and reports it', async () => {
    const both = await pair();
    const { clock, a, b } = both;
    const running = a.service.reconcile('b');
    await clock.advance(1_000);
    const report = await soon(clock, 'each session ends', running, 0);
    assert.deepEqual(
      { ...report, bytesSent: 0, bytesReceived: 0 },
      {
        peer: 'b',
        role: 'initiator',
        dialect: 'tiny',
        startedAt: report.startedAt,
        durationMs: 20,
        rounds: 1,
        bytesSent: 0,
        bytesReceived: 0,
        missing: 1,
        equal: false,
        version: 7,
        finding: null,
        asked: null,
        settles: true,
        outlines: null,
        survey: [],
        efficiency: null,
        continueFrom: null,
        error: null,
      },
    );
    assert.equal(report.bytesSent, 97);
    assert.equal(report.bytesReceived, 65);
    assert.deepEqual([a.learnt, b.learnt], [[4], [1, 2]]);
    assert.deepEqual(a.ended, [report]);
    assert.deepEqual(
      b.ended.map(({ peer, role, rounds, missing, error }) => ({
        peer,
        role,
        rounds,
        missing,
        error,
      })),
      [{ peer: 'a', role: 'responder', rounds: 1, missing: 2, error: null }],
    );
    assertQuiet(both);
  });

  it('says who is there, and forgets who went', async () => {
    const { clock, network, a } = await pair();
    assert.deepEqual(a.service.peers, ['b']);
    network.disconnect('a', 'b');
    assert.deepEqual(a.service.peers, []);
    network.connect('a', 'b');
    await clock.advance(100);
    assert.deepEqual(a.comings, ['+b', '-b', '+b']);
  });

  it('speaks the first dialect that both know', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom(1) });
    const named = (names: string[]) => names.map((name) => tinyDialect({ name }));
    const make = (id: string, names: string[]) =>
      new Peer({ network: network.node(id), clock, ids: [], dialects: named(names) });
    const [a, b, c] = [make('a', ['x', 'y', 'z']), make('b', ['z', 'y']), make('c', ['w'])];
    await Promise.all([a, b, c].map(({ service }) => service.start()));
    network.connect('a', 'b');
    network.connect('a', 'c');
    await clock.advance(10);
    const running = [a.service.reconcile('b'), a.service.reconcile('c')];
    await clock.advance(100);
    const [known, unknown] = await soon(clock, 'each session ends', Promise.all(running), 0);
    assert.equal(known?.dialect, 'y');
    assert.equal(known?.equal, true);
    assert.equal(unknown?.error?.code, 'UNKNOWN_PEER');
    assert.deepEqual(a.service.peers, ['b']);
  });

  it('never mixes two networks', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom(1) });
    const make = (id: string, networkName: string) =>
      new Peer({ network: network.node(id), clock, ids: [], networkName });
    const peers = [make('a', 'x'), make('b', 'x/tiny'), make('c', 'X')];
    await Promise.all(peers.map(({ service }) => service.start()));
    network.connect('a', 'b');
    network.connect('a', 'c');
    await clock.advance(100);
    assert.deepEqual(
      peers.map(({ service }) => service.peers.length),
      [0, 0, 0],
    );
    assert.throws(() => make('d', ''), { code: 'INVALID_NETWORK_NAME' });
    assert.throws(() => make('d', 'x'.repeat(65)), { code: 'INVALID_NETWORK_NAME' });
    assert.throws(() => make('d', '\ud800'), { code: 'INVALID_NETWORK_NAME' });
  });

  it('joins the session that runs, on either side', async () => {
    const both = await pair({ warmUp: 5 });
    const { clock, a, b } = both;
    const first = a.service.reconcile('b');
    await clock.advance(45);
    const joined = [a.service.reconcile('b'), b.service.reconcile('a')] as const;
    await clock.advance(1_000);
    assert.equal(
      await soon(clock, 'each session ends', joined[0], 0),
      await soon(clock, 'each session ends', first, 0),
    );
    assert.equal((await soon(clock, 'each session ends', joined[1], 0)).role, 'responder');
    assert.deepEqual([a.ended.length, b.ended.length], [1, 1]);
    assertQuiet(both);
  });
});

describe('ReconcileService: both sides start', () => {
  // The offsets cover every order of open, accept, first frame, answer and close on both sides.
  for (const [firstId, secondId] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    it(`one session serves both when ${firstId} starts first, whatever the delay`, async () => {
      for (let delay = 0; delay <= 130; delay += 1) {
        const both = await pair({ link: { latencyMs: 10 }, warmUp: 1 });
        const first = both[firstId];
        const second = both[secondId];
        const one = first.service.reconcile(secondId);
        await both.clock.advance(delay);
        const alreadyOver = second.ended.length;
        const two = second.service.reconcile(firstId);
        await both.clock.advance(60_000);
        const reports = await soon(both.clock, 'each session ends', Promise.all([one, two]), 0);
        for (const report of reports) assert.equal(report.error, null, `delay ${delay}`);
        const sessions = 1 + alreadyOver;
        assert.deepEqual(
          [first.ended.length, second.ended.length],
          [sessions, sessions],
          `delay ${delay}`,
        );
        if (sessions === 1) {
          assert.deepEqual(
            new Set(reports.map(({ role }) => role)),
            new Set(['initiator', 'responder']),
          );
        }
        assert.deepEqual(new Set(both.a.learnt), new Set([4]));
        assert.deepEqual(new Set(both.b.learnt), new Set([1, 2]));
        assertQuiet(both);
      }
    });
  }

  it('keeps the stream of the smaller id when both start at the same moment', async () => {
    const { clock, a, b } = await pair();
    const running = [a.service.reconcile('b'), b.service.reconcile('a')];
    await clock.advance(1_000);
    assert.deepEqual(
      (await soon(clock, 'each session ends', Promise.all(running), 0)).map(({ role }) => role),
      ['initiator', 'responder'],
    );
  });

  it('holds with jitter and bandwidth, over many seeds, again and again', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const link = { latencyMs: 5, jitterMs: 30, bytesPerMs: 20 };
      const both = await pair({ link, seed: `jitter ${seed}`, warmUp: seed % 3 });
      const random = new SeededRandom(seed);
      const running: Promise<unknown>[] = [];
      const errors: unknown[] = [];
      await both.clock.advance(100);
      for (let i = 0; i < 10; i++) {
        const [own, peer] = random.fraction() < 0.5 ? [both.a, 'b'] : [both.b, 'a'];
        running.push(own.service.reconcile(peer).then(({ error }) => error && errors.push(error)));
        await both.clock.advance(random.fraction() * 80);
      }
      await both.clock.advance(60_000);
      await soon(both.clock, 'each session ends', Promise.all(running), 0);
      assert.deepEqual(errors, [], `seed ${seed}`);
      assert.equal(both.a.ended.length, both.b.ended.length, `seed ${seed}`);
      assertQuiet(both);
    }
  });

  it('tells the larger id when the stream it yields for never comes', async () => {
    const { clock, network, b } = await pair({ options: { openTimeoutMs: 2_000 } });
    await network.node('a').unhandle(PROTOCOL);
    await network
      .node('a')
      .handle(PROTOCOL, (channel) => channel.abort(new ProtocolError('BUSY', 'no')), LARGE);
    const begin = clock.monotonic();
    const running = b.service.reconcile('a');
    await clock.advance(60_000);
    const report = await soon(clock, 'each session ends', running, 0);
    assert.equal(report.error?.code, 'STREAM_FAILED');
    assert.ok(clock.monotonic() - begin >= 2_000);
    assert.equal(b.ended.length, 1);
  });
});

describe('ReconcileService: what goes wrong', () => {
  async function withRawPeer(
    handler: (channel: Channel) => Promise<void>,
    options: Partial<ReconcileOptions> = {},
  ): Promise<Pair> {
    const both = await pair({ options });
    await both.b.service.stop();
    await both.network.node('b').handle(PROTOCOL, handler, { ...LARGE, maxInbound: 9 });
    await both.network.node('b').watch(PROTOCOL, { connected() {}, disconnected() {} });
    await both.clock.advance(20);
    return both;
  }

  async function outcomeOf(both: Pair) {
    const running = both.a.service.reconcile('b');
    await both.clock.advance(700_000);
    const { error, equal } = await soon(both.clock, 'each session ends', running, 0);
    assert.equal(equal, false);
    assertQuiet(both);
    return error?.code;
  }

  it('an unknown peer', async () => {
    const { a } = await pair();
    const report = await a.service.reconcile('nobody');
    assert.equal(report.error?.code, 'UNKNOWN_PEER');
    assert.deepEqual(a.ended, [report]);
  });

  it('a peer that never answers', async () => {
    const both = await withRawPeer(() => new Promise(() => {}));
    assert.equal(await outcomeOf(both), 'TIMEOUT');
    assert.equal(both.a.ended[0]?.durationMs, 10_000);
  });

  it('a peer that never opens', async () => {
    const both = await pair({ link: { latencyMs: 20_000 } });
    await both.clock.advance(60_000);
    assert.equal(await outcomeOf(both), 'TIMEOUT');
    assert.equal(both.a.ended[0]?.durationMs, 10_000);
  });

  it('a session that goes on for ever', async () => {
    const both = await pair({ warmUp: 1e9, link: { latencyMs: 2_000 } });
    await both.clock.advance(10_000);
    const running = both.a.service.reconcile('b');
    await both.clock.advance(700_000);
    assert.equal((await soon(both.clock, 'each session ends', running, 0)).error?.code, 'TIMEOUT');
    assert.equal((await soon(both.clock, 'each session ends', running, 0)).durationMs, 300_000);
    assertQuiet(both);
  });

  it('a malformed frame: an error with a code here, a reset there', async () => {
    let seen: unknown;
    const both = await withRawPeer(async (channel) => {
      await channel.receive();
      await channel.send(new Uint8Array(33));
      seen = await channel.receive().catch((error) => error.code);
    });
    assert.equal(await outcomeOf(both), 'MALFORMED_FRAME');
    assert.equal(seen, 'STREAM_FAILED');
  });

  it('a frame after the end', async () => {
    const both = await withRawPeer(async (channel) => {
      await channel.receive();
      await channel.send(new Uint8Array(32));
      await channel.send(new Uint8Array(32));
      await channel.receive().catch(() => {});
    });
    assert.equal(await outcomeOf(both), 'UNEXPECTED_FRAME');
  });

  it('a frame that is too long', async () => {
    const both = await withRawPeer(
      async (channel) => {
        await channel.receive();
        await channel.send(new Uint8Array(2_000));
        await channel.receive().catch(() => {});
      },
      { limits: { maxInboundBytes: 1_000 } },
    );
    assert.equal(await outcomeOf(both), 'FRAME_TOO_LARGE');
  });

  it('a peer that closes too early', async () => {
    const both = await withRawPeer(async (channel) => {
      await channel.close();
      await channel.receive().catch(() => {});
    });
    assert.equal(await outcomeOf(both), 'STREAM_CLOSED');
  });

  it('a link that breaks in the middle, at any moment', async () => {
    for (const [own, peer] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      for (let delay = 0; delay <= 80; delay += 1) {
        const both = await pair({ warmUp: 1 });
        const running = both[own].service.reconcile(peer);
        await both.clock.advance(delay);
        both.network.disconnect('a', 'b');
        await both.clock.advance(1);
        const { error } = await soon(both.clock, 'each session ends', running, 0);
        assert.ok(error === null ? delay >= 60 : error.code === 'STREAM_FAILED', `delay ${delay}`);
        await both.clock.advance(60_000);
        assertQuiet(both);
      }
    }
  });

  it('a set that cannot be read for now, on either side, until it can', async () => {
    const both = await pair();
    const { clock, a, b } = both;
    b.trouble = new StoreError('STORE_REBUILDING', 'the index is being built again');
    for (const [caller, other] of [
      [a, 'b'],
      [b, 'a'],
    ] as const) {
      const running = caller.service.reconcile(other);
      await clock.advance(60_000);
      const { error } = await soon(clock, 'each session ends', running, 0);
      assert.equal(error?.code, caller === b ? 'STORE_REBUILDING' : 'STREAM_FAILED');
      assertQuiet(both);
    }
    assert.ok(b.ended.every(({ error }) => error?.code === 'STORE_REBUILDING'));
    b.trouble = null;
    const running = a.service.reconcile('b');
    await clock.advance(1_000);
    assert.equal((await soon(clock, 'each session ends', running, 0)).error, null);
    assert.deepEqual([a.learnt, b.learnt], [[4], [1, 2]]);
  });

  it('a stream that says nothing is no session, and takes no snapshot', async () => {
    const both = await pair();
    const channel = await opened(both.clock, both.network.node('a').open('b', PROTOCOL, LARGE));
    await both.clock.advance(29_000);
    assert.equal(both.b.snapshots, 0);
    await both.clock.advance(2_000);
    await assert.rejects(channel.receive(), { code: 'STREAM_FAILED' });
    assert.deepEqual(both.b.ended, []);
    assertQuiet(both);
  });

  it('a peer that opens stream after stream', async () => {
    const both = await pair();
    const open = () => opened(both.clock, both.network.node('a').open('b', PROTOCOL, LARGE));
    await open();
    await open();
    await assert.rejects(open(), { code: 'STREAM_FAILED' });
    await both.clock.advance(120_000);
    assert.deepEqual(both.b.ended, []);
    assertQuiet(both);
  });

  it('stop ends what runs and leaves nothing', async () => {
    const both = await pair({ warmUp: 1e9 });
    const running = both.a.service.reconcile('b');
    await both.clock.advance(500);
    await both.a.service.stop();
    assert.equal((await soon(both.clock, 'each session ends', running, 0)).error?.code, 'ABORTED');
    assert.equal((await both.a.service.reconcile('b')).error?.code, 'UNKNOWN_PEER');
    await both.clock.advance(100);
    assert.equal(both.b.ended[0]?.error?.code, 'STREAM_FAILED');
    assertQuiet(both);
    await both.a.service.start();
    assert.deepEqual(both.a.service.peers, ['b']);
  });
});

async function opened(clock: VirtualClock, opening: Promise<Channel>): Promise<Channel> {
  opening.catch(() => {});
  await clock.advance(20);
  return opening;
}

describe('ReconcileService: many peers', () => {
  it('holds no more sessions at a time than it may, and all of them in the end', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('many') });
    const ids = Array.from({ length: 12 }, (_, i) => `n${i}`);
    const peers = ids.map(
      (id, i) =>
        new Peer({
          network: network.node(id),
          clock,
          ids: idsOf(i),
          dialects: [tinyDialect({ warmUp: 3 })],
          options: { maxSessions: 2 },
        }),
    );
    await Promise.all(peers.map(({ service }) => service.start()));
    for (const a of ids) for (const b of ids) if (a < b) network.connect(a, b, { latencyMs: 7 });
    await clock.advance(10);
    const running = peers.flatMap(({ service }) =>
      service.peers.map((peer) => service.reconcile(peer)),
    );
    let most = 0;
    for (let i = 0; i < 400; i++) {
      await clock.advance(10);
      most = Math.max(most, ...peers.map(({ held }) => held));
    }
    const reports = await soon(clock, 'each session ends', Promise.all(running), 0);
    assert.equal(reports.length, 12 * 11);
    for (const { error } of reports) assert.equal(error, null);
    assert.ok(most <= 4, 'two that we start and two that others start');
    for (const peer of peers) assert.equal(new Set(peer.learnt).size, 11);
    assert.equal(clock.pending, 0);
    await settle();
  });

  it('has a session that takes long give way to those that wait', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('slow') });
    const patient = { maxSessions: 1, giveWayMs: 5_000, frameTimeoutMs: 600_000 };
    const make = (id: string, options = {}) =>
      new Peer({ network: network.node(id), clock, ids: idsOf(id.charCodeAt(0)), options });
    const [a, b] = [make('a', patient), make('b')];
    await Promise.all([a.service.start(), b.service.start()]);
    const mute = (channel: Channel) => channel.receive().then(() => new Promise<void>(() => {}));
    await network.node('mute').handle(PROTOCOL, mute, { ...LARGE, maxInbound: 1 });
    for (const peer of ['b', 'mute']) network.connect('a', peer);
    await clock.advance(10);
    const slow = a.service.reconcile('mute');
    await clock.advance(60_000);
    assert.equal(a.ended.length, 0, 'nobody waits');
    const quick = a.service.reconcile('b');
    await clock.advance(100);
    assert.equal((await soon(clock, 'each session ends', quick, 0)).error, null);
    const { error } = await soon(clock, 'each session ends', slow, 0);
    assert.equal(error?.code, 'TIMEOUT');
    assert.match(error!.message, /gave way/);
    await a.service.stop();
    await b.service.stop();
    assert.equal(a.held, 0);
  });

  it('the same seed gives the same trace', async () => {
    const run = async () => {
      const clock = new VirtualClock();
      const lines: string[] = [];
      const random = new SeededRandom('trace');
      const network = new MemoryNetwork({ clock, random, trace: (line) => lines.push(line) });
      const ids = ['p', 'q', 'r', 's'];
      const peers = ids.map(
        (id, i) => new Peer({ network: network.node(id), clock, ids: idsOf(i, i + 1) }),
      );
      await Promise.all(peers.map(({ service }) => service.start()));
      const link = { latencyMs: 3, jitterMs: 9, meanUptimeMs: 200, meanDowntimeMs: 50 };
      for (const a of ids) for (const b of ids) if (a < b) network.connect(a, b, link);
      for (let i = 0; i < 20; i++) {
        await clock.advance(40);
        for (const { service } of peers) for (const peer of service.peers) service.reconcile(peer);
      }
      network.close();
      await clock.advance(60_000);
      return lines.join('\n');
    };
    const first = await run();
    assert.ok(first.includes('link down') && first.includes('reset') && first.includes('close'));
    assert.equal(await run(), first);
  });
});
