import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel, ReconcileOptions } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { type LinkInit, MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const LARGE = { maxFrameBytes: 1 << 20 };

class Pair {
  readonly clock: VirtualClock = new VirtualClock();
  readonly trace: string[] = [];
  readonly network: MemoryNetwork;
  readonly a: Peer;
  readonly b: Peer;

  private constructor(warmUp: number, seed: string, options: Partial<ReconcileOptions>) {
    const { clock, trace } = this;
    const random = new SeededRandom(seed);
    this.network = new MemoryNetwork({ clock, random, trace: (line) => trace.push(line) });
    const dialects = [tinyDialect({ warmUp, lasting: true })];
    const make = (id: string, ids: Uint8Array[]) =>
      new Peer({ network: this.network.node(id), clock, ids, dialects, options });
    this.a = make('a', idsOf(1, 2, 3));
    this.b = make('b', idsOf(3, 4));
  }

  static async make(
    init: {
      link?: LinkInit;
      warmUp?: number;
      seed?: string;
      options?: Partial<ReconcileOptions>;
    } = {},
  ): Promise<Pair> {
    const pair = new Pair(init.warmUp ?? 0, init.seed ?? 'pair', init.options ?? {});
    await Promise.all([pair.a.service.start(), pair.b.service.start()]);
    pair.network.connect('a', 'b', init.link ?? { latencyMs: 10 });
    await pair.clock.advance(50);
    return pair;
  }

  get openings(): number {
    return this.trace.filter((line) => line.includes(' open ')).length;
  }

  async session(from: 'a' | 'b'): Promise<void> {
    const running = this[from].service.reconcile(from === 'a' ? 'b' : 'a');
    await this.clock.advance(1_000);
    const { error } = await soon(this.clock, 'each session ends', running, 0);
    assert.equal(error, null);
  }

  assertQuiet(): void {
    assert.equal(this.clock.pending, 0, 'no timer is left');
    assert.equal(this.a.held + this.b.held, 0, 'every snapshot is released');
  }
}

describe('a lasting stream', () => {
  it('carries session after session, begun by either side, on one opening', async () => {
    const pair = await Pair.make();
    for (const from of ['a', 'b', 'b', 'a', 'a', 'b'] as const) await pair.session(from);
    assert.equal(pair.openings, 1);
    assert.equal(pair.a.ended.length, 6);
    assert.deepEqual(
      pair.b.ended.map(({ role }) => role[0]),
      ['r', 'i', 'i', 'r', 'r', 'i'],
    );
    pair.assertQuiet();
  });

  it('counts the bytes of each session apart', async () => {
    const pair = await Pair.make();
    await pair.session('a');
    await pair.session('a');
    const [first, second] = pair.a.ended;
    assert.deepEqual([first!.bytesSent, first!.bytesReceived], [98, 66]);
    assert.deepEqual([second!.bytesSent, second!.bytesReceived], [99, 66], 'and the mark');
  });

  for (const [firstId, secondId] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    for (const used of [false, true]) {
      const on = used ? 'a stream in use' : 'a new stream';
      it(`one session serves both when ${firstId} begins first on ${on}, whatever the delay`, async () => {
        for (let delay = 0; delay <= 70; delay += 1) {
          const pair = await Pair.make({ warmUp: 1 });
          if (used) await pair.session('b');
          const before = pair.a.ended.length;
          const one = pair[firstId].service.reconcile(secondId);
          await pair.clock.advance(delay);
          const over = pair[secondId].ended.length - before;
          const two = pair[secondId].service.reconcile(firstId);
          await pair.clock.advance(60_000);
          for (const { error } of await soon(
            pair.clock,
            'each session ends',
            Promise.all([one, two]),
            0,
          )) {
            assert.equal(error, null, `delay ${delay}`);
          }
          for (const peer of [pair.a, pair.b]) {
            assert.equal(peer.ended.length - before, 1 + over, `delay ${delay}`);
          }
          if (used) assert.equal(pair.openings, 1, `delay ${delay}`);
          pair.assertQuiet();
        }
      });
    }
  }

  it('settles a tie for the smaller id', async () => {
    const pair = await Pair.make();
    await pair.session('b');
    const running = [pair.a.service.reconcile('b'), pair.b.service.reconcile('a')];
    await pair.clock.advance(1_000);
    assert.deepEqual(
      (await soon(pair.clock, 'each session ends', Promise.all(running), 0)).map(
        ({ role }) => role,
      ),
      ['initiator', 'responder'],
    );
    assert.equal(pair.openings, 1);
  });

  it('serves both sides under jitter and bandwidth limits, over many seeds', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const link = { latencyMs: 5, jitterMs: 30, bytesPerMs: 20 };
      const pair = await Pair.make({ link, seed: `jitter ${seed}`, warmUp: seed % 3 });
      const random = new SeededRandom(seed);
      const running: Promise<unknown>[] = [];
      const errors: unknown[] = [];
      await pair.clock.advance(100);
      for (let i = 0; i < 12; i++) {
        const [own, peer] = random.fraction() < 0.5 ? [pair.a, 'b'] : [pair.b, 'a'];
        running.push(own.service.reconcile(peer).then(({ error }) => error && errors.push(error)));
        await pair.clock.advance(random.fraction() * 100);
      }
      await pair.clock.advance(60_000);
      await soon(pair.clock, 'each session ends', Promise.all(running), 0);
      assert.deepEqual(errors, [], `seed ${seed}`);
      assert.equal(pair.a.ended.length, pair.b.ended.length, `seed ${seed}`);
      assert.ok(pair.openings <= 2, `seed ${seed}: ${pair.openings} openings`);
      pair.assertQuiet();
    }
  });

  it('is opened again after an error, and after the connection went', async () => {
    const pair = await Pair.make({ warmUp: 4 });
    await pair.session('a');
    const broken = pair.a.service.reconcile('b');
    await pair.clock.advance(25);
    pair.network.disconnect('a', 'b');
    await pair.clock.advance(1_000);
    assert.equal(
      (await soon(pair.clock, 'each session ends', broken, 0)).error?.code,
      'STREAM_FAILED',
    );
    pair.network.connect('a', 'b');
    await pair.clock.advance(50);
    await pair.session('b');
    await pair.session('a');
    assert.equal(pair.openings, 2);
    pair.assertQuiet();
  });

  it('runs the sessions of a scope one after the other, behind the one that runs', async () => {
    const pair = await Pair.make({ warmUp: 3 });
    const running = [
      pair.a.service.reconcile('b'),
      pair.a.service.reconcile('b', {}),
      pair.b.service.reconcile('a', {}),
      pair.a.service.reconcile('b', {}),
    ];
    await pair.clock.advance(5_000);
    const reports = await soon(pair.clock, 'each session ends', Promise.all(running), 0);
    assert.ok(reports.every(({ error, role }) => error === null && role === 'initiator'));
    assert.equal(pair.a.ended.length, 4);
    assert.ok(pair.openings <= 2);
    pair.assertQuiet();
  });
});

describe('a peer on a lasting stream', () => {
  async function withRawPeer(handler: (channel: Channel) => Promise<void>): Promise<Pair> {
    const pair = await Pair.make();
    await pair.b.service.stop();
    await pair.network.node('b').handle(PROTOCOL, handler, { ...LARGE, maxInbound: 9 });
    await pair.network.node('b').watch(PROTOCOL, { connected() {}, disconnected() {} });
    await pair.clock.advance(50);
    return pair;
  }
  const answer = Uint8Array.of(1, ...new Uint8Array(32).fill(9));

  it('may close it after each session', async () => {
    const pair = await withRawPeer(async (channel) => {
      await channel.receive();
      await channel.send(answer);
      await channel.close();
      await channel.receive();
    });
    await pair.session('a');
    await pair.session('a');
    assert.equal(pair.openings, 2);
    pair.assertQuiet();
  });

  it('that lost it silently costs no session', async () => {
    let streams = 0;
    const pair = await withRawPeer(async (channel) => {
      streams++;
      await channel.receive();
      await channel.send(answer);
      // The mark of the second session comes, and the stream is reset.
      await channel.receive();
      if (streams > 1) await channel.receive();
    });
    await pair.session('a');
    await pair.session('a');
    assert.equal(streams, 2);
  });

  it('may not continue a session that it has not begun', async () => {
    const pair = await withRawPeer(async (channel) => {
      await channel.receive();
      await channel.send(answer);
      await channel.send(answer);
      assert.equal(await channel.receive().catch(({ code }) => code), 'STREAM_FAILED');
    });
    await pair.session('a');
    await pair.session('a');
    assert.equal(pair.openings, 2);
  });

  it('that begins and falls silent is ended by the clock', async () => {
    const pair = await withRawPeer(async (channel) => {
      await channel.receive();
      await channel.send(answer);
      await channel.send(new Uint8Array(0));
      await channel.receive().catch(() => {});
    });
    await pair.session('a');
    await pair.clock.advance(60_000);
    assert.equal(pair.a.ended.length, 1);
    pair.assertQuiet();
  });

  it('that opens another stream is taken to have lost the old one', async () => {
    const pair = await Pair.make();
    await pair.session('a');
    const opening = pair.network.node('b').open('a', PROTOCOL, LARGE);
    await pair.clock.advance(50);
    const channel = await opening;
    await channel.send(answer);
    await pair.clock.advance(50);
    assert.ok((await channel.receive())!.length > 1);
    assert.equal(pair.a.ended.length, 2);
    const next = pair.a.service.reconcile('b');
    await pair.clock.advance(50);
    assert.equal((await channel.receive())!.length, 0, 'the session goes over the new stream');
    assert.equal(pair.openings, 2);
    await pair.clock.advance(60_000);
    assert.equal((await soon(pair.clock, 'each session ends', next, 0)).error?.code, 'TIMEOUT');
  });
});

describe('sessions over their limit', () => {
  it('go to the peers in turn, however often one peer is asked for', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('fair') });
    const dialects = [tinyDialect({ warmUp: 2, lasting: true })];
    const make = (id: string, maxSessions: number) =>
      new Peer({
        network: network.node(id),
        clock,
        ids: idsOf(1),
        dialects,
        options: { maxSessions },
      });
    const hub = make('hub', 1);
    const others = ['p', 'q', 'r', 's'].map((id) => make(id, 8));
    await Promise.all([hub, ...others].map(({ service }) => service.start()));
    for (const { id } of others) network.connect('hub', id, { latencyMs: 5 });
    await clock.advance(50);
    let stopped = false;
    const keepAsking = async (peer: string): Promise<void> => {
      for (let i = 0; i < 1_000 && !stopped; i++) await hub.service.reconcile(peer);
    };
    const asking = [
      keepAsking('p'),
      keepAsking('p'),
      keepAsking('q'),
      keepAsking('r'),
      keepAsking('s'),
    ];
    await clock.advance(3_000);
    const turns = hub.ended.map(({ peer }) => peer);
    assert.ok(turns.length > 40);
    for (let at = 4; at < turns.length; at++) assert.equal(turns[at], turns[at - 4]);
    stopped = true;
    await clock.advance(1_000);
    await soon(clock, 'each session ends', Promise.all(asking), 0);
  });
});
