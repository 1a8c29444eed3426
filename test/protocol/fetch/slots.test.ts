import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  encodeAbsent,
  encodeRequest,
  requestFrameBytes,
} from '../../../src/protocol/fetch/testing.ts';
import {
  type Channel,
  type ChannelHandler,
  type FetchInit,
  FetchService,
  ProtocolError,
} from '../../../src/protocol/index.ts';
import { byNow } from '../../support/by-now.ts';
import { itemOf, PROTOCOL, World, world } from './world.ts';

const [one, two] = [itemOf(1), itemOf(2)];
const LINK = { latencyMs: 10 };
const OPEN = { maxFrameBytes: 1 << 20 };

describe('FetchService: places for own requests', () => {
  it('are freed however a request ends, round after round', async () => {
    const w = await world({ requestsPerPeer: 1, openTimeoutMs: 100, stallTimeoutMs: 100 }, LINK);
    w.hold(one);
    const ends = async (code: string | undefined, init: Parameters<World['fetch']>[1] = {}) => {
      const { report } = await w.fetch([one.id], init);
      assert.equal(report.error?.code, code);
    };
    const throwing = () => {
      throw new Error('no room');
    };
    for (const _ of [1, 2]) {
      await ends('INTERNAL', { onItems: throwing });
      await ends('ABORTED', { signal: AbortSignal.abort() });
      w.network.disconnect('a', 'b');
      await ends('UNKNOWN_PEER');
      w.network.connect('a', 'b');
      await w.clock.advance(50);
      await ends(undefined);
    }
  });

  it('are not taken by a request that is aborted while it waits', async () => {
    const w = (await world({ requestsPerPeer: 1 }, LINK)).hold(one);
    const held = Promise.withResolvers<void>();
    const first = w.a.fetch({ peer: 'b', ids: [one.id], onItems: () => held.promise });
    const abort = new AbortController();
    const init = { peer: 'b', ids: [one.id], onItems: () => {} };
    const second = w.a.fetch({ ...init, signal: abort.signal });
    const third = w.a.fetch(init);
    await w.clock.advance(100);
    abort.abort();
    const { error } = await byNow(second, 'it waits for a place although it was called off');
    assert.equal(error?.code, 'ABORTED');
    held.resolve();
    await w.clock.advance(100);
    const reports = await byNow(Promise.all([first, third]), 'the place was not passed on');
    assert.deepEqual(
      reports.map(({ outcome }) => outcome),
      ['complete', 'complete'],
    );
  });

  it('are counted for each peer apart', async () => {
    const w = (await world({ requestsPerPeer: 1 }, LINK)).hold(one);
    const c = w.service('c', {});
    await c.start();
    w.network.connect('a', 'c', LINK);
    await w.clock.advance(50);
    const busy = w.a.fetch({ peer: 'b', ids: [one.id], onItems: () => new Promise(() => {}) });
    await w.clock.advance(100);
    const { report } = await w.fetch([one.id], { peer: 'c', forMs: 1_000 });
    assert.equal(report.outcome, 'complete', 'a request to another peer waits');
    w.network.disconnect('a', 'b');
    void busy;
  });
});

describe('FetchService: places for requests of others', () => {
  /** A stream of a to b, and how it ended. */
  async function stream(w: World): Promise<Channel> {
    const opening = w.network.node('a').open('b', PROTOCOL, OPEN);
    await w.clock.advance(20);
    return opening;
  }
  const ask = (channel: Channel): Promise<void> =>
    channel.send(encodeRequest({ ids: [two.id], maxBytes: 9 }));

  it('are given back however a request ends, round after round', async () => {
    const w = await world({ servedPerPeer: 1, requestTimeoutMs: 100 }, LINK);
    for (const round of [1, 2]) {
      const silent = await stream(w);
      await w.clock.advance(200);
      const broken = await stream(w);
      broken.abort(new ProtocolError('ABORTED', 'enough'));
      const wrong = await stream(w);
      await wrong.send(Uint8Array.of(9));
      const answered = await stream(w);
      await ask(answered);
      await answered.close();
      await w.clock.advance(50);
      const frame = await byNow(answered.receive(), `a place was not given back, round ${round}`);
      assert.deepEqual(frame, encodeAbsent(two.id));
      assert.equal(await byNow(answered.receive(), 'the answer does not end'), null);
      await assert.rejects(byNow(silent.receive(), 'who asks nothing is waited for'));
    }
    assert.deepEqual(
      w.warnings.map(({ peer, code }) => [peer, code]),
      [1, 2].flatMap(() => ['TIMEOUT', 'STREAM_FAILED', 'MALFORMED_FRAME'].map((c) => ['a', c])),
      'each that was not answered is told to the log',
    );
    await w.clock.advance(20);
    assert.equal(w.clock.pending, 0, 'no timer is left');
  });

  it('are counted for each peer apart', async () => {
    const w = await world({ servedPerPeer: 1 }, LINK);
    w.network.connect('c', 'b', LINK);
    await w.clock.advance(50);
    await stream(w);
    const opening = w.network.node('c').open('b', PROTOCOL, OPEN);
    await w.clock.advance(20);
    const other = await opening;
    await ask(other);
    await w.clock.advance(20);
    assert.notEqual(await byNow(other.receive(), 'another peer waits'), null);
    w.network.close();
  });

  it('are waited for by so many requests of all peers together, and further ones are refused', async () => {
    const w = new World({}, LINK);
    const options = { servedPerPeer: 1, maxWaiting: 2 };
    const b = w.service('b', options, { knows: (peer) => peer === 'friend' });
    await b.start();
    await w.clock.advance(50);
    const connect = async (peer: string) => {
      w.network.connect(peer, 'b', LINK);
      await w.clock.advance(50);
      const opening = w.network.node(peer).open('b', PROTOCOL, OPEN);
      await w.clock.advance(20);
      return opening;
    };
    const [held] = [await stream(w), await stream(w), await connect('c'), await connect('d')];
    await connect('c');
    assert.deepEqual(w.warnings, [], 'one of each of two peers waits');
    await connect('d');
    assert.deepEqual(
      w.warnings.map(({ peer, code }) => [peer, code]),
      [['d', 'BUSY']],
    );
    await connect('e');
    assert.equal(w.warnings.length, 1, 'a peer without a request is served all the same');
    held.abort(new ProtocolError('ABORTED', 'enough'));
    await w.clock.advance(50);
    await connect('d');
    assert.deepEqual(
      w.warnings.map(({ peer }) => peer),
      ['d', 'a'],
      'a place is free again',
    );
    for (const _ of [1, 2, 3]) await connect('friend');
    assert.equal(w.warnings.length, 2, 'a known peer may wait all the same');
    w.network.close();
  });

  it('read answers in turns that they share with other work', async () => {
    const w = (await new World({}, LINK).start()).hold(one);
    const waiting: (() => void)[] = [];
    const turns: FetchInit['turns'] = {
      ready: false,
      run: (read) =>
        new Promise((resolve) => {
          waiting.push(() => resolve(read()));
        }),
    };
    await w.service('c', {}, { turns }).start();
    w.network.connect('a', 'c', LINK);
    await w.clock.advance(50);
    const fetching = w.a.fetch({ peer: 'c', ids: [one.id], onItems: () => {} });
    await w.clock.advance(50);
    assert.equal(w.gets, 0, 'other work has the turn');
    // The read, and then the sending.
    for (const turn of [1, 2]) {
      assert.equal(waiting.length, 1, `turn ${turn}`);
      waiting.pop()!();
      await w.clock.advance(50);
    }
    assert.equal((await byNow(fetching, 'the answer did not come')).outcome, 'complete');
    w.network.close();
  });

  it('let a request go at once when its stream breaks, whatever it waits for', async () => {
    const w = new World({}, LINK);
    const [first, next] = [itemOf(3, 1_000_000), itemOf(4, 1_000_000)];
    w.hold(first, next);
    let owes = false;
    const rest = (_: string, signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const node = w.service(
      'b',
      { servedPerPeer: 1, answerBytes: 3_000_000 },
      { work: { run: (_, work) => work(), charge: () => {}, debtMs: () => (owes ? 1 : 0), rest } },
    );
    await node.start();
    const from = async (peer: string, wanted: Uint8Array): Promise<Channel> => {
      w.network.connect(peer, 'b', LINK);
      await w.clock.advance(50);
      const opening = w.network.node(peer).open('b', PROTOCOL, { ...OPEN, receiveWindowBytes: 1 });
      await w.clock.advance(50);
      const channel = await opening;
      await channel.send(encodeRequest({ ids: [wanted], maxBytes: 1_000_000 }));
      await w.clock.advance(50);
      return channel;
    };
    const broken: Channel[] = [];
    for (const peer of ['p', 'q']) await from(peer, first.id);
    for (const _ of [1, 2, 3]) broken.push(await from('p', next.id));
    broken.push(await from('r', next.id));
    owes = true;
    broken.push(await from('s', next.id));
    assert.equal(w.gets, 2, 'the others wait for a place, for memory and for work');
    for (const channel of broken) channel.abort(new ProtocolError('ABORTED', 'enough'));
    await w.clock.advance(20);
    assert.deepEqual(
      w.warnings.map(({ peer, code }) => [peer, code]),
      ['p', 'p', 'p', 'r', 's'].map((peer) => [peer, 'STREAM_FAILED']),
    );
    await node.stop();
  });

  it('accept request frames as long as the limit of ids allows', async () => {
    const w = await world({ maxIdsPerFrame: 2 }, LINK);
    for (const [bytes, code] of [
      [requestFrameBytes(2), 'MALFORMED_FRAME'],
      [requestFrameBytes(2) + 1, 'FRAME_TOO_LARGE'],
    ] as const) {
      const channel = await stream(w);
      await channel.send(new Uint8Array(bytes));
      await w.clock.advance(50);
      assert.equal(w.warnings.at(-1)?.code, code);
    }
    assert.equal(requestFrameBytes(2), 1 + 5 + 5 + 2 * 32);
  });
});

describe('FetchService: start and stop', () => {
  it('serves and asks again after a stop, time after time', async () => {
    const w = new World({}, LINK);
    w.hold(one);
    const before = await w.fetch([one.id]);
    assert.equal(before.report.error?.code, 'ABORTED', 'it has not started');
    for (const round of [1, 2, 3]) {
      await Promise.all([w.a.start(), w.b.start(), w.b.start()]);
      await w.clock.advance(50);
      const { report } = await w.fetch([one.id]);
      assert.equal(report.outcome, 'complete', `round ${round}`);
      await byNow(Promise.all([w.a.stop(), w.b.stop(), w.b.stop()]), 'it does not stop');
      assert.equal((await w.fetch([one.id])).report.error?.code, 'ABORTED', `round ${round}`);
    }
    assert.deepEqual(w.a.totals, { receivedBytes: 300, sentBytes: 0 });
    assert.deepEqual(w.b.totals, { receivedBytes: 0, sentBytes: 300 });
  });

  it('neither serves nor asks once it is stopped', async () => {
    const w = await world({}, LINK);
    w.hold(one);
    await w.b.stop();
    assert.equal((await w.fetch([one.id])).report.error?.code, 'UNSUPPORTED_PROTOCOL');
    assert.equal(w.gets, 0);
  });

  it('takes the protocol once for each start, and refuses a stream that comes after the stop', async () => {
    const w = new World({}, LINK);
    const node = w.network.node('d');
    const handlers: ChannelHandler[] = [];
    node.handle = async (_, handler) => void handlers.push(handler);
    const serve = () => assert.fail('served');
    const d = new FetchService(node, { clock: w.clock, networkName: 'test', serve });
    await d.start();
    await d.start();
    assert.equal(handlers.length, 1);
    await d.stop();
    await assert.rejects(async () => handlers[0]!({} as Channel), { code: 'ABORTED' });
  });

  it('has stopped only when no request runs in either direction', async () => {
    const w = (await world({}, LINK)).hold(one);
    const slow = Promise.withResolvers<[]>();
    w.serves = () => slow.promise;
    const running = w.a.fetch({ peer: 'b', ids: [one.id], onItems: () => {} });
    await w.clock.advance(50);
    let stopped = false;
    const stopping = w.b.stop().then(() => {
      stopped = true;
    });
    await w.clock.advance(50);
    assert.equal(stopped, false, 'it reads an item still');
    slow.resolve([]);
    await byNow(stopping, 'it does not stop');
    const held = Promise.withResolvers<void>();
    w.serves = undefined;
    await w.b.start();
    await byNow(running, 'the request goes on');
    await w.clock.advance(50);
    const storing = w.a.fetch({ peer: 'b', ids: [one.id], onItems: () => held.promise });
    await w.clock.advance(100);
    let ended = false;
    const ending = w.a.stop().then(() => {
      ended = true;
    });
    await w.clock.advance(50);
    assert.equal(ended, false, 'its consumer still stores');
    held.resolve();
    await byNow(Promise.all([ending, storing]), 'it does not stop');
  });

  it('forgets finished requests, so that a stop breaks none of them', async () => {
    const w = new World({}, LINK);
    const broken: string[] = [];
    const watched = (channel: Channel): Channel => {
      const abort = channel.abort.bind(channel);
      channel.abort = (error) => {
        broken.push(error.code);
        abort(error);
      };
      return channel;
    };
    const [a, b] = [w.network.node('a'), w.network.node('b')];
    const open = a.open.bind(a);
    const handle = b.handle.bind(b);
    a.open = async (...asked) => watched(await open(...asked));
    b.handle = (protocol, handler, init) =>
      handle(protocol, (channel) => handler(watched(channel)), init);
    await w.start();
    assert.equal((await w.hold(one).fetch([one.id])).report.outcome, 'complete');
    // Those that serve a channel are told the end of it by the network.
    broken.length = 0;
    await Promise.all([w.a.stop(), w.b.stop()]);
    assert.deepEqual(broken, [], 'a request that has ended is broken once more');
  });

  it('cannot be made for a network without a name', () => {
    const w = new World();
    const init = { clock: w.clock, networkName: '', serve: async () => [] };
    assert.throws(() => new FetchService(w.network.node('d'), init), {
      code: 'INVALID_NETWORK_NAME',
    });
  });
});
