import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudget, ProtocolError } from '../../../src/protocol/index.ts';
import { StreamChannel, type StreamChannelInit } from '../../../src/protocol/libp2p/testing.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { byNow } from '../../support/by-now.ts';
import { settle } from '../../support/clock.ts';
import { HandStream } from '../../support/hand-stream.ts';

const frame = (size: number, fill = 1): Uint8Array => new Uint8Array(size).fill(fill);
const wire = (...sizes: number[]): Uint8Array => encodeFrames(sizes.map((size) => frame(size)));

/** Room for all long frames. */
const ANY = { tryTake: () => () => {} };

function channel(init: Partial<StreamChannelInit> = {}) {
  const stream = new HandStream();
  return {
    stream,
    channel: new StreamChannel(stream, 'peer', { maxFrameBytes: 1_000, begun: ANY, ...init }),
  };
}

/** How an operation ends, as a code. */
const endOf = (operation: Promise<unknown>): Promise<unknown> =>
  operation.then(
    () => 'none',
    ({ code }) => code,
  );

/** How an operation ends, as a code; it must end by now. */
const codeOf = (operation: Promise<unknown>): Promise<unknown> =>
  byNow(
    operation.then(
      () => 'none',
      ({ code }) => code,
    ),
    'it waits',
  );

describe('StreamChannel: back-pressure', () => {
  it('pauses above its window and resumes at half of it, time after time', async () => {
    const { stream, channel: c } = channel({ receiveWindowBytes: 300 });
    for (const round of [1, 2]) {
      stream.told.length = 0;
      stream.come(wire(99, 99, 99));
      assert.deepEqual(stream.told, [], `round ${round}: 300 bytes fill the window`);
      stream.come(wire(0));
      assert.deepEqual(stream.told, ['pause'], `round ${round}: a byte more`);
      await c.receive();
      assert.deepEqual(stream.told, ['pause'], `round ${round}: 201 bytes are left`);
      await c.receive();
      assert.deepEqual(stream.told, ['pause', 'resume'], `round ${round}: 101 bytes are left`);
      assert.equal(c.ready(1_000).length, 2);
    }
  });

  it('resumes when ready frames are taken, at half of the window and not earlier', () => {
    const { stream, channel: c } = channel({ receiveWindowBytes: 200 });
    stream.come(wire(49, 49, 49, 49), wire(49));
    assert.deepEqual(stream.told, ['pause']);
    assert.equal(c.ready(100).length, 2);
    assert.deepEqual(stream.told, ['pause'], '150 bytes are left');
    assert.equal(c.ready(49).length, 0);
    assert.equal(c.ready(50).length, 1);
    assert.deepEqual(stream.told, ['pause', 'resume'], '100 bytes are left');
  });

  it('does not pause while a reader waits for a frame longer than the window', async () => {
    const { stream, channel: c } = channel({ receiveWindowBytes: 10 });
    const waiting = c.receive();
    const bytes = wire(500);
    stream.come(bytes.subarray(0, 400));
    assert.deepEqual(stream.told, []);
    stream.come(bytes.subarray(400));
    assert.equal((await byNow(waiting, 'the frame is not delivered'))?.length, 500);
    stream.come(wire(20));
    assert.deepEqual(stream.told, ['pause']);
  });

  it('pauses again where held-back bytes fill the window on resuming', async () => {
    const { stream, channel: c } = channel({ receiveWindowBytes: 100 });
    const long = wire(120);
    stream.come(long.subarray(0, 110));
    assert.deepEqual(stream.told, ['pause']);
    stream.come(long.subarray(110), wire(70, 80));
    assert.equal((await byNow(c.receive(), 'it stays paused'))?.length, 120);
    assert.deepEqual(stream.told, ['pause', 'resume', 'pause']);
    const rest = [await c.receive(), await c.receive()];
    assert.deepEqual(
      rest.map((one) => one?.length),
      [70, 80],
    );
  });

  it('has a window of a megabyte where none is given, and room for what libp2p holds back', () => {
    const { stream } = channel({ maxFrameBytes: 1 << 22 });
    stream.come(frame(1 << 20));
    assert.deepEqual(stream.told, []);
    stream.come(frame(1));
    assert.deepEqual(stream.told, ['pause']);
    assert.equal(stream.maxReadBufferLength, 16 * 1024 * 1024 + 256 * 1024);
    const larger = new HandStream();
    larger.maxReadBufferLength = 1 << 30;
    new StreamChannel(larger, 'peer', { maxFrameBytes: 9, begun: ANY });
    assert.equal(larger.maxReadBufferLength, 1 << 30);
  });

  it('has senders wait until the stream takes more, time after time', async () => {
    const { stream, channel: c } = channel();
    for (const round of [1, 2]) {
      stream.room = false;
      let sent = 0;
      const sending = [c.send(frame(3)), c.send(frame(4))].map((one) => one.then(() => sent++));
      await settle();
      assert.equal(sent, 0, `round ${round}`);
      stream.room = true;
      stream.safeDispatchEvent('drain');
      await byNow(Promise.all(sending), 'a sender waits although the stream drained');
    }
    assert.equal(c.sentBytes, 2 * (4 + 5));
    assert.equal(Buffer.concat(stream.sent).length, 18);
  });

  it('has senders wait for the last byte, however often the peer grants a few', async () => {
    const { stream, channel: c } = channel();
    stream.takes = 100;
    let sent = false;
    const sending = c.send(frame(999)).then(() => {
      sent = true;
    });
    for (let left = 9; left > 0; left--) {
      await settle();
      assert.equal(sent, false, `${left} hundred bytes wait still`);
      stream.safeDispatchEvent('drain');
    }
    await settle();
    stream.safeDispatchEvent('drain');
    await byNow(sending, 'all bytes are taken');
  });
});

describe('StreamChannel: the end', () => {
  it('follows the last frame, once the peer has closed its side', async () => {
    const { stream, channel: c } = channel();
    const first = c.receive();
    stream.come(wire(5, 6));
    assert.equal((await first)?.length, 5);
    stream.onRemoteCloseWrite();
    assert.equal((await c.receive())?.length, 6);
    assert.equal(await byNow(c.receive(), 'the end is not told'), null);
    assert.equal(await byNow(c.receive(), 'the end is told once only'), null);
    assert.equal(c.receivedBytes, 13);
    await c.send(frame(1));
    assert.equal(stream.sent.length, 1, 'our side is open still');
  });

  it('reaches a reader that waits for it already', async () => {
    const { stream, channel: c } = channel();
    const waiting = c.receive();
    await assert.rejects(c.receive(), TypeError, 'one call at a time');
    stream.onRemoteCloseWrite();
    assert.equal(await byNow(waiting, 'the end is not told'), null);
  });

  it('in the middle of a frame is an error', async () => {
    const { stream, channel: c } = channel();
    stream.come(wire(5).subarray(0, 4));
    const waiting = c.receive();
    stream.onRemoteCloseWrite();
    assert.equal(await codeOf(waiting), 'STREAM_CLOSED');
    assert.deepEqual(stream.told, ['reset']);
  });

  it('is an error when the connection ends, unless both sides were closed', async () => {
    const open = channel();
    const waiting = open.channel.receive();
    open.stream.onTransportClosed();
    assert.equal(await codeOf(waiting), 'STREAM_FAILED');
    assert.equal(await codeOf(open.channel.send(frame(1))), 'STREAM_FAILED');
    const half = channel();
    await half.channel.close();
    half.stream.onTransportClosed();
    assert.equal(await codeOf(half.channel.receive()), 'STREAM_FAILED', 'the peer had not closed');
    const closed = channel();
    closed.stream.come(wire(3));
    closed.stream.onRemoteCloseWrite();
    await closed.channel.close();
    assert.equal(closed.stream.status, 'closed');
    assert.equal(
      (await closed.channel.receive())?.length,
      3,
      'the bytes that came are there still',
    );
    assert.equal(await closed.channel.receive(), null);
  });

  it('by a reset of either side reaches all that wait', async () => {
    for (const [end, code] of [
      [(s: HandStream) => s.onRemoteReset(), 'STREAM_FAILED'],
      [(s: HandStream) => s.abort(new Error('of libp2p')), 'STREAM_FAILED'],
    ] as const) {
      const { stream, channel: c } = channel();
      stream.room = false;
      stream.closed = new Promise(() => {});
      const waiting = [c.receive(), c.send(frame(1)), c.close()];
      for (const one of waiting) one.catch(() => {});
      await settle();
      end(stream);
      for (const one of waiting) assert.equal(await codeOf(one), code);
      for (const one of [c.receive(), c.send(frame(1)), c.close()]) {
        assert.equal(await codeOf(one), code);
      }
      assert.deepEqual(c.ready(100), []);
    }
  });

  it('that we cause carries our first error', async () => {
    const { stream, channel: c } = channel();
    stream.come(wire(5, 6));
    const error = new ProtocolError('TIMEOUT', 'enough');
    c.abort(error);
    c.abort(new ProtocolError('ABORTED', 'again'));
    assert.deepEqual(stream.told, ['reset']);
    await assert.rejects(byNow(c.receive(), 'it waits'), error);
    assert.deepEqual(c.ready(100), [], 'what had come is dropped');
    stream.come(wire(5));
    await assert.rejects(byNow(c.receive(), 'it waits'), error);
  });

  it('before the first reader is noticed', async () => {
    const reset = new HandStream();
    reset.onRemoteReset();
    const aborted = new HandStream();
    aborted.abort(new Error('no'));
    for (const stream of [reset, aborted]) {
      const c = new StreamChannel(stream, 'peer', { maxFrameBytes: 9, begun: ANY });
      assert.equal(await codeOf(c.receive()), 'STREAM_FAILED', stream.status);
    }
    const closed = new HandStream();
    closed.onRemoteCloseWrite();
    const c = new StreamChannel(closed, 'peer', { maxFrameBytes: 9, begun: ANY });
    assert.equal(await byNow(c.receive(), 'the end is not told'), null);
  });
});

describe('StreamChannel: wrong frames', () => {
  it('break the stream when they are read, after the good frames before them', async () => {
    const { stream, channel: c } = channel();
    stream.come(wire(1_000, 1_001));
    assert.equal((await c.receive())?.length, 1_000);
    assert.deepEqual(stream.told, []);
    assert.equal(await codeOf(c.receive()), 'FRAME_TOO_LARGE');
    assert.deepEqual(stream.told, ['reset']);
    const ready = channel();
    ready.stream.come(wire(5, 1_001));
    assert.equal(ready.channel.ready(9_000).length, 1);
    assert.deepEqual(ready.channel.ready(9_000), []);
    assert.deepEqual(ready.stream.told, ['reset']);
    assert.equal(await codeOf(ready.channel.receive()), 'FRAME_TOO_LARGE');
  });

  it('cannot be sent once our side is closed', async () => {
    const { channel: c } = channel();
    await c.close();
    assert.equal(await codeOf(c.send(frame(1))), 'STREAM_CLOSED');
    assert.equal(c.sentBytes, 0, 'what did not leave is not counted');
  });
});

describe('StreamChannel: long frames', () => {
  const init = { maxFrameBytes: 1 << 20 };
  const begin = (size: number): Uint8Array => wire(size).subarray(0, -1);

  it('that have begun share the memory of all channels', async () => {
    const begun = new ByteBudget({ totalBytes: 250_000, holderBytes: 250_000 });
    const [a, b, c, d] = [1, 2, 3, 4].map(() => channel({ ...init, begun }));
    const receiving = [a, b, c, d].map((one) => endOf(one!.channel.receive()));
    a!.stream.come(begin(100_000));
    b!.stream.come(begin(100_000));
    c!.stream.come(begin(64 * 1024));
    assert.equal(begun.usedBytes, 200_000, 'a frame of 64 KiB takes nothing');
    d!.stream.come(begin(100_000));
    assert.equal(await receiving[3], 'BUSY');
    a!.channel.abort(new ProtocolError('ABORTED', 'over'));
    b!.stream.onRemoteReset();
    assert.deepEqual(
      [await receiving[0], await receiving[1], begun.usedBytes],
      ['ABORTED', 'STREAM_FAILED', 0],
    );
    c!.stream.come(new Uint8Array(1));
    assert.equal(await receiving[2], 'none');
  });

  it('keep their memory until their reader asks for the next or gives up, though the peer resets the stream', async () => {
    const begun = new ByteBudget({ totalBytes: 250_000, holderBytes: 250_000 });
    const [a, b] = [1, 2].map(() => channel({ ...init, begun }));
    for (const round of [1, 2]) {
      const receiving = a!.channel.receive();
      assert.equal(begun.usedBytes, 0, `round ${round}: the frame before is done with`);
      a!.stream.come(begin(100_000), new Uint8Array(1));
      assert.equal((await receiving)?.length, 100_000);
      assert.equal(begun.usedBytes, 100_000);
    }
    a!.stream.onRemoteReset();
    assert.equal(begun.usedBytes, 100_000, 'the work on the frame goes on');
    const refused = endOf(b!.channel.receive());
    b!.stream.come(begin(200_000));
    assert.equal(await refused, 'BUSY');
    a!.channel.abort(new ProtocolError('ABORTED', 'over'));
    assert.equal(begun.usedBytes, 0);
  });

  it('do not count for the bytes behind them: these lie unread', async () => {
    const begun = new ByteBudget({ totalBytes: 250_000, holderBytes: 250_000 });
    const unread = new ByteBudget({ totalBytes: 250_000, holderBytes: 250_000 });
    const one = channel({ ...init, begun, unread });
    const receiving = one.channel.receive();
    one.stream.come(begin(100_000), new Uint8Array(1), wire(99));
    await receiving;
    assert.deepEqual([begun.usedBytes, unread.usedBytes], [100_000, 100]);
    one.channel.abort(new ProtocolError('ABORTED', 'over'));
  });
});

describe('StreamChannel: what lies unread', () => {
  const channels = (count: number, unread: ByteBudget) =>
    Array.from({ length: count }, () => channel({ receiveWindowBytes: 300, unread }));

  it('shares the memory of all channels that peers opened', async () => {
    const unread = new ByteBudget({ totalBytes: 500, holderBytes: 500 });
    const [a, b, c, own] = [...channels(3, unread), channel({ receiveWindowBytes: 300 })];
    for (const one of [a, b]) one!.stream.come(wire(99, 99));
    assert.equal(unread.usedBytes, 400);
    own!.stream.come(wire(99, 99));
    assert.equal(own!.stream.status, 'open', 'a channel of this node is not charged');
    c!.stream.come(wire(99, 0));
    assert.equal(await endOf(c!.channel.receive()), 'BUSY');
    await a!.channel.receive();
    assert.equal(unread.usedBytes, 300, 'a frame that is read costs nothing');
    assert.equal(a!.channel.ready(1_000).length, 1);
    b!.channel.abort(new ProtocolError('ABORTED', 'over'));
    assert.equal(unread.usedBytes, 0);
  });

  it('counts what a paused stream may still get, until it is resumed', async () => {
    const unread = new ByteBudget({ totalBytes: 10_000, holderBytes: 10_000 });
    const [one] = channels(1, unread);
    Object.assign(one!.stream, { recvWindowCapacity: 2_000 });
    one!.stream.come(wire(99, 99, 99));
    assert.equal(unread.usedBytes, 300, 'a window that is open is no memory yet');
    one!.stream.come(wire(0));
    assert.equal(unread.usedBytes, 2_301);
    Object.assign(one!.stream, { recvWindowCapacity: 1_900 });
    one!.stream.come(wire(99));
    await one!.channel.receive();
    assert.equal(unread.usedBytes, 2_201, 'it is paused still');
    await one!.channel.receive();
    assert.equal(unread.usedBytes, 201, 'what came meanwhile is unread as before');
    one!.stream.onRemoteReset();
    assert.equal(unread.usedBytes, 0);
  });

  it('is no long frame that has begun: that has memory of its own', async () => {
    const unread = new ByteBudget({ totalBytes: 500, holderBytes: 500 });
    const begun = new ByteBudget({ totalBytes: 250_000, holderBytes: 250_000 });
    const one = channel({ maxFrameBytes: 1 << 20, begun, unread });
    const receiving = one.channel.receive();
    const bytes = wire(100_000);
    one.stream.come(bytes.subarray(0, 400), bytes.subarray(400, -1));
    assert.deepEqual([begun.usedBytes, unread.usedBytes], [100_000, 0]);
    one.stream.come(bytes.subarray(-1));
    assert.equal((await receiving)?.length, 100_000);
    assert.deepEqual([begun.usedBytes, unread.usedBytes], [100_000, 0]);
  });
});
