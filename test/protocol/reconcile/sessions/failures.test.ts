import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel, ReconcileOptions } from '../../../../src/protocol/index.ts';
import { StoreError } from '../../../../src/store/index.ts';
import type { VirtualClock } from '../../../support/clock.ts';
import { soon } from '../../../support/soon.ts';
import { assertQuiet, type Pair, pair } from './pair.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const LARGE = { maxFrameBytes: 1 << 20 };

describe('ReconcileService: a failed session', () => {
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

  it('reports an unknown peer', async () => {
    const { a } = await pair();
    const report = await a.service.reconcile('nobody');
    assert.equal(report.error?.code, 'UNKNOWN_PEER');
    assert.deepEqual(a.ended, [report]);
  });

  it('reports what its own listeners throw, and never rejects', async () => {
    for (const name of ['ended', 'differs', 'missing'] as const) {
      const fault = () => {
        throw new Error('a fault of the listener');
      };
      const both = await pair({ events: { [name]: fault } });
      const running = both.a.service.reconcile('b');
      await both.clock.advance(20_000);
      const report = await soon(both.clock, 'each session ends', running, 0);
      assert.equal(report.error?.code ?? null, name === 'ended' ? null : 'INTERNAL', name);
    }
  });

  it('times out when the peer never answers', async () => {
    const both = await withRawPeer(() => new Promise(() => {}));
    assert.equal(await outcomeOf(both), 'TIMEOUT');
    assert.equal(both.a.ended[0]?.durationMs, 10_000);
  });

  it('times out when the peer never opens the stream', async () => {
    const both = await pair({ link: { latencyMs: 20_000 } });
    await both.clock.advance(60_000);
    assert.equal(await outcomeOf(both), 'TIMEOUT');
    assert.equal(both.a.ended[0]?.durationMs, 10_000);
  });

  it('times out when the session never ends', async () => {
    const both = await pair({ warmUp: 1e9, link: { latencyMs: 2_000 } });
    await both.clock.advance(10_000);
    const running = both.a.service.reconcile('b');
    await both.clock.advance(700_000);
    assert.equal((await soon(both.clock, 'each session ends', running, 0)).error?.code, 'TIMEOUT');
    assert.equal((await soon(both.clock, 'each session ends', running, 0)).durationMs, 300_000);
    assertQuiet(both);
  });

  it('has an error code here and a reset there after a malformed frame', async () => {
    let seen: unknown;
    const both = await withRawPeer(async (channel) => {
      await channel.receive();
      await channel.send(new Uint8Array(33));
      seen = await channel.receive().catch((error) => error.code);
    });
    assert.equal(await outcomeOf(both), 'MALFORMED_FRAME');
    assert.equal(seen, 'STREAM_FAILED');
  });

  it('fails on a frame after the end', async () => {
    const both = await withRawPeer(async (channel) => {
      await channel.receive();
      await channel.send(new Uint8Array(32));
      await channel.send(new Uint8Array(32));
      await channel.receive().catch(() => {});
    });
    assert.equal(await outcomeOf(both), 'UNEXPECTED_FRAME');
  });

  it('fails on a frame that is too long', async () => {
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

  it('fails when the peer closes too early', async () => {
    const both = await withRawPeer(async (channel) => {
      await channel.close();
      await channel.receive().catch(() => {});
    });
    assert.equal(await outcomeOf(both), 'STREAM_CLOSED');
  });

  it('fails when the link breaks, at any moment', async () => {
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

  it('fails while the set of either side cannot be read, and not afterwards', async () => {
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

  it('does not exist for a silent stream, which takes no snapshot', async () => {
    const both = await pair();
    const channel = await opened(both.clock, both.network.node('a').open('b', PROTOCOL, LARGE));
    await both.clock.advance(29_000);
    assert.equal(both.b.snapshots, 0);
    await both.clock.advance(2_000);
    await assert.rejects(channel.receive(), { code: 'STREAM_FAILED' });
    assert.deepEqual(both.b.ended, []);
    assertQuiet(both);
  });

  it('does not multiply for a peer that opens stream after stream', async () => {
    const both = await pair();
    const open = () => opened(both.clock, both.network.node('a').open('b', PROTOCOL, LARGE));
    await open();
    await open();
    await assert.rejects(open(), { code: 'STREAM_FAILED' });
    await both.clock.advance(120_000);
    assert.deepEqual(both.b.ended, []);
    assertQuiet(both);
  });

  it('ends at a stop, which leaves nothing running', async () => {
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
