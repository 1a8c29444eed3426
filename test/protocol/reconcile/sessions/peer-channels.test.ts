import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { ByHand } from './by-hand.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const MARK = new Uint8Array(0);
const prefixed = (n: number): Uint8Array => Uint8Array.of(1, ...new Uint8Array(32).fill(n));
const [OURS, THEIRS] = [prefixed(1), prefixed(9)];

/** After each frame its sender waits until this is read. */
const ONE_FRAME = 1;

/** A node that keeps its streams, and peers whose end of them the test holds. */
async function setUp(self: string, others: readonly string[], receiveWindowBytes?: number) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('lines') });
  const dialects = [tinyDialect({ lasting: true })];
  const node = new Peer({ network: network.node(self), clock, ids: idsOf(1), dialects });
  const hands: ByHand[] = [];
  const streams: (() => Promise<Channel>)[] = [];
  for (const name of others) {
    const hand = new ByHand({ clock, node: network.node(name), protocol: PROTOCOL });
    hands.push(hand);
    streams.push(await hand.listen(9, receiveWindowBytes));
    network.connect(self, name, { latencyMs: 1 });
  }
  await node.service.start();
  await clock.advance(10);
  const [hand, next] = [hands[0]!, streams[0]!];

  /** A session of the node's, over `channel`, or over a new stream. */
  const called = async (peer: string, channel?: Channel, by = hand, at = next) => {
    const running = node.service.reconcile(peer);
    const stream = channel ?? (await at());
    if (channel !== undefined) assert.deepEqual(await by.hear(stream), MARK, 'it begins another');
    assert.deepEqual(await by.hear(stream), OURS);
    await by.say(stream, THEIRS);
    const report = await soon(clock, 'the session ends', running, 50);
    assert.deepEqual([report.error, report.role], [null, 'initiator']);
    return stream;
  };
  /** A session of the peer's. */
  const served = async (channel: Channel, marked: boolean) => {
    const before = node.ended.length;
    if (marked) await hand.say(channel, MARK);
    await hand.say(channel, THEIRS);
    assert.deepEqual(await hand.hear(channel), OURS);
    await clock.advance(10);
    const report = node.ended.at(-1)!;
    assert.deepEqual([report.error, report.role], [null, 'responder']);
    assert.equal(node.ended.length, before + 1);
  };
  return { clock, network, node, hand, hands, next, streams, called, served };
}

describe('a kept stream', () => {
  it('carries sessions that either side begins, on a stream that either side opened', async () => {
    const one = await setUp('a', ['b']);
    const stream = await one.called('b');
    for (let round = 0; round < 2; round++) {
      await one.served(stream, true);
      await one.called('b', stream);
    }
    const other = await setUp('a', ['b']);
    const opened = await other.hand.open('a');
    await other.served(opened, false);
    for (let round = 0; round < 2; round++) {
      await other.called('b', opened);
      await other.served(opened, true);
    }
    assert.equal(one.clock.pending + other.clock.pending, 0, 'and nothing waits in between');
  });

  it('is closed when the peer opens a new one, several times in a row', async () => {
    const { hand, called, served } = await setUp('a', ['b']);
    let stream = await called('b');
    for (let round = 0; round < 3; round++) {
      const newer = await hand.open('a');
      await served(newer, false);
      const end = await hand.hear(stream).catch(({ code }) => code);
      assert.ok(end === null || end === 'STREAM_FAILED', 'the old one is at its end');
      await called('b', newer);
      stream = newer;
    }
  });

  it('ends when its own peer disconnects; the next session opens a new one', async () => {
    const { network, clock, hands, streams, called } = await setUp('a', ['b', 'c']);
    let b = await called('b', undefined, hands[0], streams[0]);
    const c = await called('c', undefined, hands[1], streams[1]);
    for (let round = 0; round < 2; round++) {
      network.disconnect('a', 'b');
      await assert.rejects(hands[0]!.hear(b), { code: 'STREAM_FAILED' });
      network.connect('a', 'b');
      await clock.advance(10);
      b = await called('b', undefined, hands[0], streams[0]);
      await called('c', c, hands[1]);
    }
  });

  it('ends when the node stops, and is opened again after a restart', async () => {
    const { node, clock, hand, called } = await setUp('a', ['b']);
    for (let round = 0; round < 2; round++) {
      const stream = await called('b');
      await soon(clock, 'the service stops', node.service.stop());
      await assert.rejects(hand.hear(stream), { code: 'STREAM_FAILED' });
      assert.deepEqual(node.service.peers, []);
      await node.service.start();
      await clock.advance(10);
    }
  });

  it('is opened again after the peer closed or broke it', async () => {
    const { hand, clock, called } = await setUp('a', ['b']);
    for (let round = 0; round < 2; round++) {
      const closed = await called('b');
      await hand.close(closed);
      const broken = await called('b');
      await hand.say(broken, THEIRS);
      await assert.rejects(hand.hear(broken), { code: 'STREAM_FAILED' }, 'no session was begun');
    }
    assert.equal(clock.pending, 0);
  });

  it('is replaced by a new one, once, when it breaks before a frame of the peer', async () => {
    for (const self of ['a', 'b'] as const) {
      const peer = self === 'a' ? 'b' : 'a';
      const { node, hand, clock, next, called } = await setUp(self, [peer]);
      const old = await called(peer);
      const running = node.service.reconcile(peer);
      assert.deepEqual(await hand.hear(old), MARK);
      await old.close();
      const newer = await next();
      assert.deepEqual(await hand.hear(newer), OURS, 'without a mark');
      await newer.close();
      const { error } = await soon(clock, 'the session ends', running, 12_000);
      assert.equal(error?.code, 'STREAM_CLOSED', 'and not a third time');
    }
  });

  it('is not replaced once the peer has sent a frame', async () => {
    const { node, hand, clock, called } = await setUp('a', ['b']);
    const stream = await called('b');
    const running = node.service.reconcile('b');
    assert.deepEqual(await hand.hear(stream), MARK);
    await hand.say(stream, Uint8Array.of(7));
    const { error } = await soon(clock, 'the session ends', running, 100);
    assert.equal(error?.code, 'MALFORMED_FRAME');
    await called('b');
  });

  it('carries the session of the smaller id when both begin, several times in a row', async () => {
    const small = await setUp('a', ['b']);
    const first = await small.called('b');
    for (let round = 0; round < 2; round++) {
      const running = small.node.service.reconcile('b');
      for (const frame of [MARK, THEIRS]) await small.hand.say(first, frame);
      assert.deepEqual(await small.hand.hear(first), MARK);
      assert.deepEqual(await small.hand.hear(first), OURS);
      await small.hand.say(first, THEIRS);
      const { role, error } = await soon(small.clock, 'the session ends', running, 50);
      assert.deepEqual([role, error], ['initiator', null], 'the beginning of b is passed over');
    }
    const large = await setUp('b', ['a']);
    const second = await large.called('a');
    for (let round = 0; round < 2; round++) {
      const running = large.node.service.reconcile('a');
      for (const frame of [MARK, THEIRS]) await large.hand.say(second, frame);
      assert.deepEqual(await large.hand.hear(second), MARK);
      assert.deepEqual(await large.hand.hear(second), OURS, 'what b had begun');
      assert.deepEqual(await large.hand.hear(second), OURS, 'and its answer');
      const { role, error } = await soon(large.clock, 'the session ends', running, 50);
      assert.deepEqual([role, error], ['responder', null]);
    }
  });

  it('carries the session of the smaller id when both begin over a slow connection', async () => {
    for (const self of ['a', 'b'] as const) {
      const peer = self === 'a' ? 'b' : 'a';
      const { node, clock, hand, called } = await setUp(self, [peer], ONE_FRAME);
      const stream = await called(peer);
      for (let round = 0; round < 2; round++) {
        const running = node.service.reconcile(peer);
        for (const frame of [MARK, THEIRS]) await hand.say(stream, frame);
        await clock.advance(10);
        assert.deepEqual(await hand.hear(stream), MARK);
        assert.deepEqual(await hand.hear(stream), OURS, 'no mark without its beginning');
        if (self === 'a') await hand.say(stream, THEIRS);
        else assert.deepEqual(await hand.hear(stream), OURS, 'and the answer');
        const { role, error } = await soon(clock, 'the session ends', running, 50);
        assert.deepEqual([role, error], [self === 'a' ? 'initiator' : 'responder', null]);
      }
    }
  });
});
