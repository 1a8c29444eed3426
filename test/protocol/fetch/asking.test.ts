import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeRequest, encodeItem } from '../../../src/protocol/fetch/testing.ts';
import type { Channel, FetchOptions } from '../../../src/protocol/index.ts';
import { itemOf, PROTOCOL, world } from './world.ts';

/** All frames of a request, until its end. */
async function requestOf(channel: Channel) {
  const frames: { ids: readonly Uint8Array[]; maxBytes: number }[] = [];
  for (let frame = await channel.receive(); frame !== null; frame = await channel.receive()) {
    frames.push(decodeRequest(frame, { maxIds: 100 }));
    assert.ok(frames.length < 10, 'it asks without end');
  }
  return frames;
}

describe('Requester: its questions', () => {
  async function asked(count: number, options: Partial<FetchOptions>, maxBytes?: number) {
    let frames: Awaited<ReturnType<typeof requestOf>> = [];
    const w = await world(options);
    await w.serve(async (channel) => {
      frames = await requestOf(channel);
    });
    const wanted = Array.from({ length: count }, (_, i) => itemOf(i).id);
    const init = maxBytes === undefined ? {} : { maxBytes };
    const { report } = await w.fetch([...wanted, ...wanted], init);
    return { frames, report, wanted };
  }

  it('fills its frames, asks for each id once, and ends the request', async () => {
    for (const [count, sizes] of [
      [6, [3, 3]],
      [7, [3, 3, 1]],
    ] as const) {
      const { frames, wanted } = await asked(count, { maxIdsPerFrame: 3 });
      assert.deepEqual(
        frames.map((frame) => frame.ids.length),
        sizes,
      );
      assert.deepEqual(
        frames.flatMap((frame) => frame.ids),
        wanted,
      );
    }
  });

  it('asks for payloads up to its limit, whatever the caller allows', async () => {
    for (const [maxBytes, said] of [
      [undefined, 500],
      [499, 499],
      [0, 0],
      [501, 500],
    ] as const) {
      const { frames } = await asked(1, { maxItemBytes: 500 }, maxBytes);
      assert.equal(frames[0]?.maxBytes, said);
    }
  });

  it('asks for as many ids as it may in a request, those given twice counted once', async () => {
    const options = { maxIdsPerRequest: 3 };
    const most = await asked(3, options);
    assert.deepEqual([most.frames.length, most.report.error?.code], [1, 'STREAM_FAILED']);
    const more = await asked(4, options);
    assert.deepEqual([more.frames.length, more.report.error?.code], [0, 'BUDGET_SPENT']);
  });

  it('gives up a source that neither reads nor answers', async () => {
    const options = { maxIdsPerFrame: 1, stallTimeoutMs: 100, requestsPerPeer: 1 };
    for (const round of [1, 2]) {
      const w = await world(options);
      await w.b.stop();
      const init = { maxFrameBytes: 1 << 20, receiveWindowBytes: 1 };
      await w.network.node('b').handle(PROTOCOL, () => new Promise<void>(() => {}), init);
      const wanted = [1, 2, 3].map((number) => itemOf(number).id);
      const { report } = await w.fetch(wanted, { forMs: 1_000 });
      assert.equal(report.outcome, 'stalled', `round ${round}`);
    }
  });

  it('ends when its consumer fails, although the source does not read', async () => {
    const w = await world({ maxIdsPerFrame: 1 });
    await w.b.stop();
    const source = async (channel: Channel) => {
      await channel.receive();
      await channel.send(encodeItem(itemOf(1)));
      await new Promise<void>(() => {});
    };
    const init = { maxFrameBytes: 1 << 20, receiveWindowBytes: 1 };
    await w.network.node('b').handle(PROTOCOL, source, init);
    const onItems = () => {
      throw new Error('no room');
    };
    const wanted = [1, 2, 3].map((number) => itemOf(number).id);
    const { report } = await w.fetch(wanted, { forMs: 1_000, onItems });
    assert.deepEqual([report.outcome, report.error?.message], ['failed', 'no room']);
  });

  it('blames the source neither for stalls nor for errors of its own', async () => {
    for (const code of ['STALLED', 'INVALID_BYTES']) {
      const w = await world();
      w.network.node('a').open = () =>
        Promise.reject(Object.assign(new Error('of another part'), { code }));
      const { report } = await w.fetch([itemOf(1).id]);
      assert.deepEqual([report.outcome, report.error?.code], ['failed', code]);
    }
  });
});
