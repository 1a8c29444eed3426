import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Channel, type Network, ProtocolError } from '../../src/protocol/index.ts';
import { heldChannel } from '../support/held-channel.ts';

/** Two nodes that are connected to each other. */
export interface NetworkPair {
  a: Network;
  b: Network;
  /** Breaks their connection. */
  disconnect(): Promise<void>;
  connect(): Promise<void>;
  close(): Promise<void>;
}

const PROTOCOL = '/conformance/1';
const INIT = { maxFrameBytes: 1 << 20, maxInbound: 2 };

/** Reads until the peer closes its side, and closes the other. */
async function untilEnd(channel: Channel): Promise<void> {
  while ((await channel.receive()) !== null);
  await channel.close();
}

/** What every `Network` must do; the clock behind it must run by itself. */
export function networkConformance(name: string, make: () => Promise<NetworkPair>): void {
  describe(`Network: ${name}`, () => {
    let pair: NetworkPair;
    beforeEach(async () => {
      pair = await make();
    });
    afterEach(() => pair.close());

    /** A channel, and its other end, which is served until `done` is called. */
    async function joined(
      init = INIT,
    ): Promise<{ ours: Channel; theirs: Channel; done: () => void }> {
      const { arrived, done } = await heldChannel(pair.b, PROTOCOL, init);
      const ours = await pair.a.open(pair.b.self, PROTOCOL, init);
      return { ours, theirs: await arrived, done };
    }

    it('carries frames of all sizes both ways, in order', async () => {
      const { ours, theirs } = await joined();
      const sizes = [0, 1, 127, 128, 70_000, 0, 1 << 20];
      const frames = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
      for (const [from, to] of [
        [ours, theirs],
        [theirs, ours],
      ] as const) {
        const sending = (async () => {
          for (const frame of frames) await from.send(frame);
        })();
        for (const frame of frames) assert.deepEqual(await to.receive(), frame);
        await sending;
        assert.equal(from.sentBytes, to.receivedBytes);
      }
      assert.equal(ours.peer, pair.b.self);
      assert.equal(theirs.peer, pair.a.self);
    });

    it('gives at once what has come already', async () => {
      const { ours, theirs } = await joined();
      const frames = Array.from({ length: 50 }, (_, i) => new Uint8Array(i).fill(i));
      assert.deepEqual(theirs.ready(1 << 20), []);
      await ours.sendAll(frames);
      await ours.close();
      const got: Uint8Array[] = [];
      for (;;) {
        const first = await theirs.receive();
        if (first === null) break;
        got.push(first, ...theirs.ready(100));
      }
      assert.deepEqual(got, frames);
      assert.deepEqual(theirs.ready(1 << 20), []);
      assert.equal(ours.sentBytes, theirs.receivedBytes);
    });

    it('gives nothing any more once it is aborted', async () => {
      const { ours, theirs } = await joined();
      await ours.sendAll([Uint8Array.of(1), Uint8Array.of(2)]);
      await theirs.receive();
      theirs.abort(new ProtocolError('TIMEOUT', 'enough'));
      assert.deepEqual(theirs.ready(100), []);
    });

    it('closes one side at a time; what was sent still arrives', async () => {
      const { ours, theirs } = await joined();
      await ours.send(Uint8Array.of(1));
      await ours.close();
      assert.deepEqual(await theirs.receive(), Uint8Array.of(1));
      assert.equal(await theirs.receive(), null);
      assert.equal(await theirs.receive(), null);
      await assert.rejects(ours.send(Uint8Array.of(2)), { code: 'STREAM_CLOSED' });
      await theirs.send(Uint8Array.of(3));
      await theirs.close();
      assert.deepEqual(await ours.receive(), Uint8Array.of(3));
      assert.equal(await ours.receive(), null);
    });

    it('abort rejects every wait, here with its error, there as a reset', async () => {
      const { ours, theirs } = await joined();
      const error = new ProtocolError('TIMEOUT', 'enough');
      const waiting = [ours.receive(), theirs.receive()];
      ours.abort(error);
      ours.abort(new ProtocolError('ABORTED', 'a second time'));
      await assert.rejects(waiting[0]!, error);
      await assert.rejects(waiting[1]!, { code: 'STREAM_FAILED' });
      for (const channel of [ours, theirs]) {
        await assert.rejects(channel.send(Uint8Array.of(1)), ProtocolError);
        await assert.rejects(channel.receive(), ProtocolError);
        await assert.rejects(channel.close(), ProtocolError);
      }
    });

    it('refuses a frame that is too long', async () => {
      const { ours, theirs } = await joined({ maxFrameBytes: 1_000, maxInbound: 1 });
      const waiting = theirs.receive();
      ours.send(new Uint8Array(1_001)).catch(() => {});
      await assert.rejects(waiting, { code: 'FRAME_TOO_LARGE' });
      await assert.rejects(ours.receive(), { code: 'STREAM_FAILED' });
    });

    it('makes a sender wait for a reader, and goes on when it reads', async () => {
      const { ours, theirs } = await joined();
      let sent = 0;
      const frame = new Uint8Array(1 << 18);
      const sending = (async () => {
        for (; sent < 200; sent++) await ours.send(frame);
        await ours.close();
      })();
      // Nothing tells that nothing more will be sent: three looks without a change have to do.
      for (let before = -1, quiet = 0; quiet < 3; before = sent) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        quiet = before === sent ? quiet + 1 : 0;
      }
      assert.ok(sent < 150, `${sent} frames of 256 KiB left without a reader`);
      let received = 0;
      while ((await theirs.receive()) !== null) received++;
      assert.equal(received, 200);
      await sending;
    });

    it('frees a sender that waits when the channel is aborted', async () => {
      const { ours } = await joined();
      const sending = (async () => {
        for (;;) await ours.send(new Uint8Array(1 << 18));
      })();
      sending.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
      const closing = ours.close();
      ours.abort(new ProtocolError('TIMEOUT', 'enough'));
      await assert.rejects(sending, ProtocolError);
      await closing.catch(() => {});
    });

    it('aborts what a handler leaves open', async () => {
      const { ours, done } = await joined();
      done();
      await assert.rejects(ours.receive(), { code: 'STREAM_FAILED' });
    });

    it('limits the channels of one peer', async () => {
      await pair.b.handle(PROTOCOL, untilEnd, INIT);
      const first = await pair.a.open(pair.b.self, PROTOCOL, INIT);
      const second = await pair.a.open(pair.b.self, PROTOCOL, INIT);
      const third = pair.a.open(pair.b.self, PROTOCOL, INIT).then((channel) => channel.receive());
      await assert.rejects(third, { code: 'STREAM_FAILED' });
      await first.close();
      assert.equal(await first.receive(), null);
      const fourth = await pair.a.open(pair.b.self, PROTOCOL, INIT);
      await fourth.close();
      assert.equal(await fourth.receive(), null);
      second.abort(new ProtocolError('ABORTED', 'done'));
    });

    it('counts a broken channel until its handler has let it go, which the channel tells it', async () => {
      const broken = Promise.withResolvers<unknown>();
      const settled = Promise.withResolvers<void>();
      await pair.b.handle(
        PROTOCOL,
        async (channel) => {
          channel.broken.addEventListener('abort', () => broken.resolve(channel.broken.reason));
          await settled.promise;
          await untilEnd(channel);
        },
        { ...INIT, maxInbound: 1 },
      );
      const first = await pair.a.open(pair.b.self, PROTOCOL, INIT);
      assert.equal(first.broken.aborted, false);
      const error = new ProtocolError('ABORTED', 'enough');
      first.abort(error);
      assert.equal(first.broken.reason, error);
      assert.equal(((await broken.promise) as ProtocolError).code, 'STREAM_FAILED');
      const second = pair.a.open(pair.b.self, PROTOCOL, INIT).then((channel) => channel.receive());
      await assert.rejects(second, { code: 'STREAM_FAILED' });
      settled.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      const third = await pair.a.open(pair.b.self, PROTOCOL, INIT);
      await third.close();
      assert.equal(await third.receive(), null);
    });

    it('opens nothing to strangers, for unknown protocols, or when called off', async () => {
      const { a, b } = pair;
      await assert.rejects(a.open('nobody', PROTOCOL, INIT), { code: 'UNKNOWN_PEER' });
      await assert.rejects(a.open(b.self, '/unknown', INIT), { code: 'UNSUPPORTED_PROTOCOL' });
      const reason = new ProtocolError('TIMEOUT', 'too late');
      const signal = AbortSignal.abort(reason);
      await assert.rejects(a.open(b.self, PROTOCOL, { ...INIT, signal }), reason);
      const abort = new AbortController();
      await joined();
      const opening = a.open(b.self, PROTOCOL, { ...INIT, signal: abort.signal });
      abort.abort(reason);
      await assert.rejects(opening, reason);
    });

    it('fails channels when the connection goes', async () => {
      const { ours, theirs } = await joined();
      const waiting = Promise.allSettled([ours.receive(), theirs.receive()]);
      await pair.disconnect();
      for (const outcome of await waiting) {
        assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'STREAM_FAILED');
      }
      await assert.rejects(pair.a.open(pair.b.self, PROTOCOL, INIT), { code: 'UNKNOWN_PEER' });
    });

    it('tells who speaks a protocol, early or late, and who went', async () => {
      const told: string[] = [];
      const news = () => new Promise<void>((resolve) => (wake = resolve));
      let wake = () => {};
      const watcher = {
        connected: (peer: string) => {
          told.push(`+${peer === pair.b.self}`);
          wake();
        },
        disconnected: (peer: string) => {
          told.push(`-${peer === pair.b.self}`);
          wake();
        },
      };
      let next = news();
      await pair.a.watch(PROTOCOL, watcher);
      await pair.b.handle(PROTOCOL, () => {}, INIT);
      await next;
      const late: string[] = [];
      await pair.a.watch(PROTOCOL, { connected: (peer) => late.push(peer), disconnected() {} });
      assert.deepEqual(late, [pair.b.self]);
      next = news();
      await pair.disconnect();
      await next;
      next = news();
      await pair.connect();
      await next;
      assert.deepEqual(told, ['+true', '-true', '+true']);
    });
  });
}
