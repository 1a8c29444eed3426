import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Channel,
  ProtocolError,
  type ReconcileOptions,
} from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { ByHand } from './by-hand.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const WARM = new Uint8Array(0);
const [NINE] = idsOf(9);

/** A node with the service, and a peer whose streams the test holds; sessions take two exchanges. */
async function setUp(self: 'a' | 'b', options: Partial<ReconcileOptions> = {}) {
  const other = self === 'a' ? 'b' : 'a';
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('inbound') });
  const dialects = [tinyDialect({ warmUp: 1 })];
  const node = new Peer({ network: network.node(self), clock, ids: idsOf(1), dialects, options });
  const hand = new ByHand({ clock, node: network.node(other), protocol: PROTOCOL });
  const next = await hand.listen();
  await node.service.start();
  network.connect('a', 'b', { latencyMs: 1 });
  await clock.advance(10);

  /** The first exchange of a session that the peer begins, and the last one. */
  const begin = async (channel: Channel): Promise<void> => {
    await hand.say(channel, WARM);
    assert.deepEqual(await hand.hear(channel), WARM, 'the session is served');
  };
  const finish = async (channel: Channel): Promise<void> => {
    await hand.say(channel, NINE!);
    assert.deepEqual(await hand.hear(channel), idsOf(1)[0]);
    await hand.close(channel);
  };
  /** Our own session, answered once. */
  const called = async () => {
    const running = node.service.reconcile(other);
    const channel = await next();
    assert.deepEqual(await hand.hear(channel), WARM);
    return { running, channel };
  };
  return { clock, node, hand, next, begin, finish, called };
}

describe('a stream that a peer opens while a session runs', () => {
  it('waits for the end of that session, several times in a row', async () => {
    const { node, hand, begin, finish, clock } = await setUp('b');
    let current = await hand.open('b');
    await begin(current);
    for (let round = 1; round <= 4; round++) {
      const next = await hand.open('b');
      await hand.say(next, WARM);
      await clock.advance(100);
      assert.equal(next.receivedBytes, 0, 'one session at a time');
      await finish(current);
      assert.deepEqual(await hand.hear(next), WARM, `the session of round ${round} is served`);
      current = next;
    }
    await finish(current);
    assert.deepEqual(
      node.ended.map(({ error }) => error),
      Array(5).fill(null),
    );
    assert.equal(node.held, 0);
  });

  for (const self of ['a', 'b'] as const) {
    it(`waits when the peer has answered our session, at the ${self === 'a' ? 'smaller' : 'larger'} id`, async () => {
      const { node, hand, begin, finish, called, clock } = await setUp(self);
      for (let round = 1; round <= 2; round++) {
        const { running, channel } = await called();
        await hand.say(channel, WARM);
        assert.deepEqual(await hand.hear(channel), idsOf(1)[0]);
        const second = await hand.open(self);
        await hand.say(channel, NINE!);
        await hand.close(channel);
        const report = await soon(clock, 'our session ends', running);
        assert.deepEqual(
          [report.error, report.role],
          [null, 'initiator'],
          'a good session goes on',
        );
        await begin(second);
        await finish(second);
      }
      assert.equal(node.ended.length, 4);
    });
  }

  it('replaces our unanswered stream at the larger id', async () => {
    const { hand, begin, finish, called, clock } = await setUp('b');
    for (let round = 1; round <= 2; round++) {
      const { running, channel } = await called();
      const second = await hand.open('b');
      await begin(second);
      await assert.rejects(hand.hear(channel), { code: 'STREAM_FAILED' });
      await finish(second);
      const { error, role } = await soon(clock, 'the session ends', running);
      assert.deepEqual([error, role], [null, 'responder']);
    }
  });

  it('is refused while our stream is unanswered, at the smaller id', async () => {
    const { hand, called, clock } = await setUp('a');
    for (let round = 1; round <= 2; round++) {
      const { running, channel } = await called();
      const second = await hand.open('a');
      await assert.rejects(hand.hear(second), { code: 'STREAM_FAILED' });
      await hand.say(channel, WARM);
      await hand.hear(channel);
      await hand.say(channel, NINE!);
      await hand.close(channel);
      const { error, role } = await soon(clock, 'our session ends', running);
      assert.deepEqual([error, role], [null, 'initiator']);
    }
  });
});

describe('a stream that broke before it was answered', () => {
  const refuse = (channel: Channel): void => channel.abort(new ProtocolError('BUSY', 'no'));

  it('counts as refused at the larger id: the stream of the peer is awaited for openTimeoutMs', async () => {
    for (const closes of [false, true]) {
      const { hand, node, next, begin, finish, clock } = await setUp('b');
      for (let round = 1; round <= 2; round++) {
        const running = node.service.reconcile('a');
        const refused = await next();
        if (closes) await refused.close();
        else refuse(refused);
        await clock.advance(9_800);
        const inbound = await hand.open('b');
        await begin(inbound);
        await finish(inbound);
        const { error, role } = await soon(clock, 'the session ends', running);
        assert.deepEqual([error, role], [null, 'responder']);
      }
    }
  });

  it('is an error at the larger id when no stream comes in time', async () => {
    const { node, next, clock } = await setUp('b');
    const running = node.service.reconcile('a');
    const refused = await next();
    const begin = clock.monotonic();
    refuse(refused);
    await clock.advance(9_999);
    assert.equal(node.ended.length, 0);
    const { error } = await soon(clock, 'the session ends', running, 10);
    assert.equal(error?.code, 'STREAM_FAILED');
    assert.ok(clock.monotonic() - begin <= 10_010);
    assert.equal(clock.pending, 0);
  });

  it('is not waited for when the node stops', async () => {
    const { node, next, clock } = await setUp('b');
    const running = node.service.reconcile('a');
    refuse(await next());
    await clock.advance(100);
    await soon(clock, 'the service stops', node.service.stop());
    assert.equal((await soon(clock, 'the session ends', running, 0)).error?.code, 'STREAM_FAILED');
    assert.equal(clock.pending, 0);
  });

  it('is an error at once at the smaller id, and after an answer', async () => {
    const smaller = await setUp('a');
    const first = smaller.node.service.reconcile('b');
    refuse(await smaller.next());
    const report = await soon(smaller.clock, 'the session ends', first, 100);
    assert.equal(report.error?.code, 'STREAM_FAILED');
    const larger = await setUp('b');
    const { running, channel } = await larger.called();
    await larger.hand.say(channel, WARM);
    refuse(channel);
    const late = await soon(larger.clock, 'the session ends', running, 100);
    assert.equal(late.error?.code, 'STREAM_FAILED');
  });

  it('for another reason is an error at once at the larger id too', async () => {
    const { node, hand, next, clock } = await setUp('b');
    const running = node.service.reconcile('a');
    const channel = await next();
    await hand.say(channel, new Uint8Array(33));
    const { error } = await soon(clock, 'the session ends', running, 100);
    assert.equal(error?.code, 'MALFORMED_FRAME');
  });
});

describe('a session of a scope', () => {
  it('lets eight sessions of the peer go first, and no more', async () => {
    const { node, hand, next, begin, finish, clock } = await setUp('b');
    const running = node.service.reconcile('a', {});
    for (let attempt = 1; attempt <= 8; attempt++) {
      assert.deepEqual(await hand.hear(await next()), WARM, `attempt ${attempt}`);
      const inbound = await hand.open('b');
      await begin(inbound);
      await finish(inbound);
    }
    const { role, error } = await soon(clock, 'it ends', running);
    assert.deepEqual([role, error], ['responder', null]);
    assert.equal(node.ended.length, 8);
  });

  it('runs once the peer begins no more sessions', async () => {
    const { node, hand, next, begin, finish, clock } = await setUp('b');
    const running = node.service.reconcile('a', {});
    for (let attempt = 1; attempt <= 7; attempt++) {
      await next();
      const inbound = await hand.open('b');
      await begin(inbound);
      await finish(inbound);
    }
    const channel = await next();
    assert.deepEqual(await hand.hear(channel), WARM);
    await hand.say(channel, WARM);
    await hand.hear(channel);
    await hand.say(channel, NINE!);
    await hand.close(channel);
    const { role, error } = await soon(clock, 'it ends', running);
    assert.deepEqual([role, error], ['initiator', null]);
  });
});
