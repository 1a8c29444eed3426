import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_FETCH_OPTIONS } from '../../../src/protocol/fetch/index.ts';
import { AnswerMemory, encodeRequest, Responder } from '../../../src/protocol/fetch/testing.ts';
import {
  type Channel,
  type FetchOptions,
  ProtocolError,
  type Serve,
  Turns,
} from '../../../src/protocol/index.ts';
import type { Item, Served } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import { VirtualClock } from '../../support/clock.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';
import { SeededRandom } from '../../support/random.ts';
import { itemOf } from './world.ts';

const TIMES = { requestTimeoutMs: 1_000, writeTimeoutMs: 3_000 };

type ResponderInit = ConstructorParameters<typeof Responder>[0];

/** A responder at one end of a channel over a link of 1 ms, the test at the other. */
async function answering(
  serve: Serve,
  options: Partial<FetchOptions> = {},
  windowBytes = 1 << 30,
  work?: ResponderInit['work'],
  turns?: ResponderInit['turns'],
) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('responder') });
  network.connect('a', 'b');
  const arrived = Promise.withResolvers<Channel>();
  const init = { maxFrameBytes: 1 << 20, receiveWindowBytes: 1 << 30 };
  const handle = (channel: Channel) => {
    arrived.resolve(channel);
    return new Promise<void>(() => {});
  };
  await network.node('b').handle('x', handle, init);
  const opening = network.node('a').open('b', 'x', { ...init, receiveWindowBytes: windowBytes });
  await clock.advance(10);
  const [ours, channel] = await Promise.all([opening, arrived.promise]);
  const writes: number[] = [];
  const sendAll = channel.sendAll.bind(channel);
  channel.sendAll = (frames) => {
    writes.push(frames.reduce((sum, { length }) => sum + length, 0));
    return sendAll(frames);
  };
  let sent = 0;
  const all = { ...DEFAULT_FETCH_OPTIONS, ...TIMES, ...options };
  const responder = new Responder({
    channel,
    serve,
    options: all,
    memory: new AnswerMemory({ clock, options: all }),
    work,
    traffic: undefined,
    turns: turns ?? new Turns({ clock }),
    clock,
    sent: (bytes) => {
      sent += bytes;
    },
  });
  let failure: { code?: string; message: string } | undefined;
  const running = responder.run().catch((error) => {
    failure = error;
  });
  return { clock, ours, channel, writes, running, error: () => failure, sent: () => sent };
}

const of = (...items: Served[]): Serve => {
  return async (ids) => items.splice(0, ids.length);
};

async function ask(r: Awaited<ReturnType<typeof answering>>, ...items: Item[]): Promise<void> {
  await r.ours.send(encodeRequest({ ids: items.map(({ id }) => id), maxBytes: 1 << 20 }));
  await r.clock.advance(5);
}

describe('Responder', () => {
  const items = Array.from({ length: 10 }, (_, i) => itemOf(i));

  it('asks its source for the remaining ids until all are answered, and passes the limits', async () => {
    const calls: { ids: readonly Uint8Array[]; maxItemBytes: number; maxBytes: number }[] = [];
    const serve: Serve = async (ids, limits) => {
      calls.push({ ids, ...limits });
      return ids
        .slice(0, 4)
        .map((id) => items.find((item) => item.id.every((b, i) => b === id[i])));
    };
    const r = await answering(serve);
    await r.ours.send(encodeRequest({ ids: items.map(({ id }) => id), maxBytes: 777 }));
    await r.clock.advance(5);
    assert.deepEqual(
      calls.map(({ ids }) => ids),
      [0, 4, 8].map((at) => items.slice(at).map(({ id }) => id)),
    );
    for (const { maxItemBytes, maxBytes } of calls) {
      assert.deepEqual([maxItemBytes, maxBytes], [777, 28 * 1024]);
    }
    assert.equal(r.sent(), 1_000);
    await r.ours.close();
    await r.clock.advance(5);
    await byNow(r.running, 'it does not end with the request');
    assert.equal(r.error(), undefined);
    assert.equal(r.clock.pending, 0);
  });

  it('reads nothing for a stream that was reset while its answer waited', async () => {
    let rested = () => {};
    let reads = 0;
    const work = {
      debtMs: () => 1,
      rest: () =>
        new Promise<void>((resolve) => {
          rested = resolve;
        }),
      run: <Result>(_: string, operation: () => Result): Result => operation(),
      charge: () => undefined,
    };
    const serve: Serve = async () => {
      reads++;
      return [items[0]];
    };
    for (const reset of [false, true]) {
      const r = await answering(serve, {}, undefined, work);
      await ask(r, items[0]!);
      if (reset) r.ours.abort(new ProtocolError('ABORTED', 'over'));
      await r.clock.advance(5);
      rested();
      await r.clock.advance(5);
      assert.equal(reads, 1, reset ? 'reset' : 'alive');
      assert.equal(r.error()?.code, reset ? 'STREAM_FAILED' : undefined);
    }
  });

  it('shares the turns of the event loop: no read begins before its turn, or for a stream that was reset', async () => {
    const begin: (() => void)[] = [];
    const turns: ResponderInit['turns'] = {
      run: (read) =>
        new Promise((resolve) => {
          begin.push(() => resolve(new Promise((done) => void done(read()))));
        }),
    };
    for (const reset of [false, true]) {
      let reads = 0;
      const serve: Serve = async () => {
        reads++;
        return reads === 1 ? [{ length: 500_000 }] : [items[0]];
      };
      const r = await answering(serve, {}, undefined, undefined, turns);
      await ask(r, items[0]!);
      assert.deepEqual([reads, begin.length], [0, 1]);
      begin.pop()!();
      await r.clock.advance(5);
      assert.deepEqual([reads, begin.length], [1, 1], 'the length alone');
      const over = new ProtocolError('ABORTED', 'over');
      if (reset) r.channel.abort(over);
      begin.pop()!();
      await r.clock.advance(5);
      assert.deepEqual([reads, r.error()], reset ? [1, over] : [2, undefined]);
      assert.equal(begin.splice(0).length, reset ? 0 : 1, 'the answer is sent in a turn too');
    }
  });

  it('charges reading and sending to its peer, which waits for its next answers while it owes work', async () => {
    const charged: unknown[] = [];
    let owes = true;
    const rests: (() => void)[] = [];
    const work = {
      debtMs: (peer: string) => (owes && peer === 'a' ? 1 : 0),
      rest: () => new Promise<void>((resolve) => void rests.push(resolve)),
      charge: () => undefined,
      run: <Result>(peer: string, operation: () => Result): Result => {
        const result = operation();
        charged.push(peer);
        return result;
      },
    };
    const serve: Serve = async (ids) =>
      ids.slice(0, 5).map((id) => items.find((item) => item.id.every((b, i) => b === id[i])));
    const r = await answering(serve, {}, undefined, work);
    await ask(r, ...items);
    for (const reads of [0, 1]) {
      assert.deepEqual([charged.length, rests.length], [reads, 1], 'it waits before it reads');
      rests.pop()!();
      await r.clock.advance(5);
    }
    assert.equal(r.sent(), 1_000);
    assert.deepEqual(charged, ['a', 'a', 'a'], 'two reads and a write');
    owes = false;
    await ask(r, items[0]!);
    assert.equal(rests.length, 0);
    await r.ours.close();
    await r.clock.advance(5);
    assert.equal(r.error(), undefined);
  });

  it('gives up when its source answers no id, or more ids than asked', async () => {
    for (const answers of [0, 3]) {
      let calls = 0;
      const r = await answering(async () => {
        assert.ok(++calls < 5, `it asks again and again, and gets ${answers} answers`);
        return items.slice(0, answers);
      });
      await ask(r, items[0]!, items[1]!);
      await byNow(r.running, `${answers} answers to 2 ids are taken`);
      assert.equal(r.error()?.message, `${answers} answers to 2 ids`);
    }
    const whole = await answering(of(...items.slice(0, 2)));
    await ask(whole, items[0]!, items[1]!);
    assert.equal(whole.error(), undefined);
    assert.equal(whole.sent(), 200);
  });

  it('writes at 28 KiB and at the end of a request frame, not sooner', async () => {
    // A frame of 2,048 bytes each: 41 of header, 2 of length.
    const some = Array.from({ length: 30 }, (_, i) => itemOf(i, 2_048 - 43));
    const r = await answering(of(...some));
    await ask(r, ...some);
    assert.deepEqual(r.writes, [28 * 1024, 28 * 1024, 2 * 2_048]);
  });

  it('starts a new batch after each write, and never writes an empty one', async () => {
    const some = Array.from({ length: 14 }, (_, i) => itemOf(i, 2_048 - 43));
    const r = await answering(of(...some));
    await ask(r, ...some);
    assert.deepEqual(r.writes, [28 * 1024]);
  });

  it('counts absent and too long items towards a write', async () => {
    const unknown = Array.from({ length: 1_000 }, (_, i) => itemOf(i));
    const absent = await answering(of(...unknown.map(() => undefined)));
    await ask(absent, ...unknown);
    assert.deepEqual(absent.writes, [869 * 33, 131 * 33]);
    const large = await answering(of(...unknown.map(() => ({ length: 1 << 21 }))));
    await ask(large, ...unknown);
    // An id, and 4 bytes of length.
    assert.deepEqual(large.writes, [775 * 37, 225 * 37]);
    assert.deepEqual([absent.sent(), large.sent()], [0, 0], 'no payload left');
  });

  it('sends the rest of a long item a chunk at a time, behind the waiting answers', async () => {
    const [small, fits, long] = [itemOf(1), itemOf(2, 64 * 1024), itemOf(3, 64 * 1024 + 1)];
    const asked = [small, fits, itemOf(4), long, itemOf(5)];
    const r = await answering(of(...asked));
    await ask(r, ...asked);
    const [header, head] = [42 + 100, 44 + 64 * 1024];
    assert.deepEqual(r.writes, [header + head, header + head, 2, header]);
    assert.equal(r.sent(), 3 * 100 + 2 * 64 * 1024 + 1);
  });

  it('counts payload as sent when it leaves, a chunk at a time', async () => {
    const long = itemOf(1, 300_000);
    const r = await answering(of(long), {}, 1);
    await ask(r, long);
    assert.equal(r.sent(), 65_536, 'the peer has not read the first chunk yet');
    await r.ours.receive();
    await r.clock.advance(5);
    assert.equal(r.sent(), 65_536, 'the second is on its way');
    await r.ours.receive();
    await r.clock.advance(5);
    assert.equal(r.sent(), 2 * 65_536);
  });

  describe('counts ids over all frames of a request', () => {
    const options = { maxIdsPerFrame: 3, maxIdsPerRequest: 7 };

    async function asked(...frames: number[]) {
      const r = await answering(async (ids) => ids.map(() => undefined), options);
      for (const count of frames) await ask(r, ...items.slice(0, count));
      return r;
    }

    it('and accepts them up to the limit', async () => {
      const r = await asked(3, 3, 1);
      assert.equal(r.error(), undefined);
      assert.equal(r.writes.length, 3);
    });

    it('and refuses the frame that goes past it at once', async () => {
      const r = await asked(3, 3, 2);
      assert.equal(r.error()?.code, 'BUDGET_SPENT', 'ids of earlier frames are not counted');
      assert.equal(r.writes.length, 2, 'nothing of the last frame is answered');
    });

    it('and those of each frame apart', async () => {
      assert.equal((await asked(4)).error()?.code, 'BUDGET_SPENT');
    });
  });
});

describe('Responder: time', () => {
  const none: Serve = async (ids) => ids.map(() => undefined);

  it('waits up to its limit for each frame of the request and for its end', async () => {
    const r = await answering(none);
    for (const round of [1, 2, 3]) {
      await r.clock.advance(990);
      assert.equal(r.error(), undefined, `round ${round}`);
      await ask(r, itemOf(1));
    }
    await r.clock.advance(995);
    assert.equal(r.error(), undefined, 'a millisecond early');
    await r.clock.advance(1);
    assert.equal(r.error()?.code, 'TIMEOUT');
    assert.equal(r.clock.pending, 1, 'the reset is on its way');
  });

  it('waits up to its limit until the peer takes an answer, each time', async () => {
    const long = itemOf(1, 500_000);
    const r = await answering(of(long), {}, 1);
    await r.ours.send(encodeRequest({ ids: [long.id], maxBytes: 1 << 20 }));
    await r.clock.advance(1);
    for (const round of [1, 2, 3]) {
      await r.clock.advance(2_998);
      assert.equal(r.error(), undefined, `round ${round}`);
      await r.ours.receive();
      await r.clock.advance(1);
    }
    await r.clock.advance(2_999);
    assert.equal(r.error(), undefined, 'a millisecond early');
    await r.clock.advance(1);
    assert.equal(r.error()?.code, 'TIMEOUT');
  });

  it('waits up to its limit for its side to close', async () => {
    const r = await answering(none);
    const closing = Promise.withResolvers<void>();
    r.channel.close = () => closing.promise;
    let code: string | undefined;
    r.channel.abort = (error) => {
      code = error.code;
      closing.reject(error);
    };
    await r.ours.close();
    await r.clock.advance(1 + 2_999);
    assert.equal(code, undefined);
    await r.clock.advance(1);
    assert.equal(code, 'TIMEOUT');
    await byNow(r.running, 'it waits for the end of a channel that was aborted');
    assert.equal(r.error()?.code, 'TIMEOUT');
  });
});
