import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeAnswer,
  encodeAnswer,
  PEER_ANSWERS,
  REPEAT_MS,
  RETRY_MS,
} from '../../../src/protocol/clock/testing.ts';
import {
  type Channel,
  ClockService,
  type Network,
  type PeerWatcher,
  protocolId,
} from '../../../src/protocol/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';
import { SeededRandom } from '../../support/random.ts';

const PROTOCOL = protocolId('n', 'clock', '1');
const BOUNDS = { maxFrameBytes: 64 };
const LATENCY = 40;

/** Two nodes; the clock of `b` is ahead by `aheadMs`. */
function pair() {
  const clock = new VirtualClock();
  const random = new SeededRandom('clock');
  const network = new MemoryNetwork({ clock, random });
  const state = { aheadMs: 90_000 };
  const theirs = {
    now: () => clock.now() + state.aheadMs,
    monotonic: () => clock.monotonic(),
    after: clock.after.bind(clock),
  };
  const heard: string[] = [];
  const service = (id: string, own: ConstructorParameters<typeof ClockService>[1]['clock']) =>
    new ClockService(network.node(id), {
      clock: own,
      random,
      networkName: 'n',
      onReading: (peer, { offsetMs }) => void heard.push(`${id} ${peer} ${offsetMs}`),
    });
  const [a, b] = [service('a', clock), service('b', theirs)];
  const connect = async () => {
    network.connect('a', 'b', { latencyMs: LATENCY });
    await clock.advance(4_000);
  };
  const stop = async () => {
    await Promise.all([a.stop(), b.stop()]);
    await clock.advance(1_000);
  };
  return { clock, network, random, state, heard, a, b, connect, stop };
}

/** What `handler` answers in the place of the node `b`. */
async function answering(handler: (channel: Channel) => Promise<void>) {
  const rig = pair();
  await rig.a.start();
  await rig.network.node('b').handle(PROTOCOL, handler, BOUNDS);
  await rig.connect();
  return rig;
}

describe('the clocks of two peers', () => {
  it('are known to each other by half of the round trip', async () => {
    const { clock, heard, a, b, connect, stop } = pair();
    await Promise.all([a.start(), b.start()]);
    await connect();
    const [there, here] = [a.of('b')!, b.of('a')!];
    assert.ok(Math.abs(there.offsetMs - 90_000) <= LATENCY, `${there.offsetMs}`);
    assert.ok(Math.abs(here.offsetMs + 90_000) <= LATENCY, `${here.offsetMs}`);
    assert.ok(Math.abs(clock.now() - there.measuredAt) <= 4_000);
    assert.deepEqual(heard.sort(), [`a b ${there.offsetMs}`, `b a ${here.offsetMs}`]);
    await stop();
    assert.equal(clock.pending, 0);
  });

  it('are asked for again, and forgotten with the connection', async () => {
    const { clock, network, state, a, b, connect, stop } = pair();
    await Promise.all([a.start(), b.start()]);
    await connect();
    state.aheadMs = -5_000;
    await clock.advance(REPEAT_MS + 1_000);
    assert.ok(Math.abs(a.of('b')!.offsetMs + 5_000) <= LATENCY);
    network.disconnect('a', 'b');
    await clock.advance(1_000);
    assert.equal(a.of('b'), null);
    await connect();
    assert.notEqual(a.of('b'), null);
    await stop();
  });

  it('are not known by a wrong answer, or by none, and are asked for again after a minute', async () => {
    const answers: ((question: Uint8Array, channel: Channel) => Promise<void>)[] = [
      async (question, channel) =>
        channel.send(
          encodeAnswer(
            question.map((byte) => byte ^ 1),
            5,
          ),
        ),
      async (question, channel) => channel.send(question),
      async (question, channel) => {
        const late = encodeAnswer(question, 0);
        late.fill(255, 8);
        await channel.send(late);
      },
      async (_, channel) => channel.close(),
      async (_, channel) => void (await channel.receive()),
    ];
    for (const answer of answers) {
      let asked = 0;
      const { clock, a } = await answering(async (channel) => {
        const question = await channel.receive();
        if (question === null) return;
        if (++asked === 1) return answer(question, channel);
        await channel.send(encodeAnswer(question, clock.now() + 7_000));
        await channel.close();
        await channel.receive();
      });
      await clock.advance(20_000);
      assert.deepEqual([a.of('b'), asked], [null, 1]);
      await clock.advance(RETRY_MS);
      assert.equal(asked, 2);
      assert.ok(Math.abs(a.of('b')!.offsetMs - 7_000) <= LATENCY);
      await a.stop();
    }
  });

  it('are asked for one at a time, also while a stream opens, and not once the node stops', async () => {
    const clock = new VirtualClock();
    const watchers: PeerWatcher[] = [];
    const asked: string[] = [];
    const network: Network = {
      self: 'a',
      handle: async () => undefined,
      unhandle: async () => undefined,
      watch: async (_, watcher) => {
        watchers.push(watcher);
        return () => undefined;
      },
      open: (peer, _, { signal }) => {
        asked.push(peer);
        return new Promise((_resolve, reject) =>
          signal!.addEventListener('abort', () => reject(signal!.reason)),
        );
      },
    };
    const random = new SeededRandom('clock');
    const service = new ClockService(network, { clock, random, networkName: 'n' });
    await service.start();
    const [watcher] = watchers;
    watcher!.connected('b');
    await clock.advance(3_000);
    watcher!.connected('c');
    await clock.advance(5_000);
    assert.deepEqual(asked, ['b']);
    await clock.advance(5_000);
    assert.deepEqual(asked, ['b', 'c']);
    await service.stop();
    await clock.advance(0);
    assert.equal(clock.pending, 0);
  });

  it('leave no stream open after a wrong answer', async () => {
    const broken: AbortSignal[] = [];
    const { clock, a } = await answering(async (channel) => {
      broken.push(channel.broken);
      await channel.receive();
      await channel.send(new Uint8Array(16));
      await new Promise((resolve) => channel.broken.addEventListener('abort', resolve));
    });
    await clock.advance(1_000);
    assert.deepEqual(
      broken.map(({ aborted }) => aborted),
      [true],
    );
    await a.stop();
  });

  it('are told at a bounded rate', async () => {
    const { clock, network, a, stop } = pair();
    await a.start();
    network.connect('a', 'b', { latencyMs: 1 });
    await clock.advance(10);
    const ask = async (question: Uint8Array): Promise<Uint8Array | null> => {
      const opened = network.node('b').open('a', PROTOCOL, BOUNDS);
      const [channel] = await Promise.all([opened, clock.advance(5)]);
      await channel.send(question);
      const answer = channel.receive().catch(() => null);
      await clock.advance(5);
      await channel.close().catch(() => undefined);
      await clock.advance(5);
      return answer;
    };
    const question = new Uint8Array(8).fill(3);
    const most = PEER_ANSWERS.perSecond * PEER_ANSWERS.burstSeconds;
    for (let i = 0; i < most; i++) {
      const answer = await ask(question);
      assert.ok(Math.abs(decodeAnswer(answer!, question) - clock.now()) <= 20);
    }
    assert.equal(await ask(question), null);
    await clock.advance(1_000 / PEER_ANSWERS.perSecond);
    assert.equal(await ask(new Uint8Array(9)), null, 'a question has eight bytes');
    await clock.advance(1_000 / PEER_ANSWERS.perSecond);
    assert.notEqual(await ask(question), null);
    await stop();
  });
});
