import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel, FetchOptions } from '../../../src/protocol/index.ts';
import { byNow } from '../../support/by-now.ts';
import { itemOf, PROTOCOL, type World, world } from './world.ts';

describe('FetchService: a misbehaving requester', () => {
  async function codeOf(
    requester: (channel: Channel, w: World) => Promise<void>,
    options: Partial<FetchOptions> = {},
  ): Promise<unknown> {
    const w = (await world(options)).hold(itemOf(1, 100_000));
    const opening = w.network
      .node('a')
      .open('b', PROTOCOL, { maxFrameBytes: 1 << 20, receiveWindowBytes: 1 });
    await w.clock.advance(30);
    const channel = await opening;
    await requester(channel, w);
    await w.clock.advance(61_000);
    let frame: Uint8Array | null = new Uint8Array(0);
    const read = (async () => {
      while (frame !== null) frame = await channel.receive();
      return 'end';
    })().catch(({ code }) => code);
    await w.clock.advance(61_000);
    assert.equal(w.clock.pending, 0);
    return byNow(read, 'the stream is still open');
  }
  const ask = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
  const absentId = '00'.repeat(32);

  it('is refused when it asks for more than it may', async () => {
    assert.equal(
      await codeOf((channel) => channel.send(ask(`010002${absentId}${absentId}`)), {
        maxIdsPerFrame: 1,
      }),
      'STREAM_FAILED',
    );
    const often = async (channel: Channel) => {
      channel.send(ask(`010901${absentId}`)).catch(() => {});
      channel.send(ask(`010901${absentId}`)).catch(() => {});
    };
    assert.equal(await codeOf(often, { maxIdsPerRequest: 1 }), 'STREAM_FAILED');
  });

  it('is cut off when it never asks, never ends or never reads', async () => {
    assert.equal(await codeOf(async () => {}), 'STREAM_FAILED');
    const endless = async (channel: Channel) => void channel.send(ask(`010901${absentId}`));
    assert.equal(await codeOf(endless), 'STREAM_FAILED');
    const deaf = async (channel: Channel, w: World) => {
      const id = Buffer.from(itemOf(1, 100_000).id).toString('hex');
      channel.send(ask(`010901${id}`)).catch(() => {});
      await w.clock.advance(29_000);
      assert.equal(w.clock.pending, 1, 'the write is being timed');
    };
    assert.equal(await codeOf(deaf), 'STREAM_FAILED');
  });

  it('is refused when it opens too many streams', async () => {
    const w = await world({ maxInbound: 2 });
    const open = () => w.network.node('a').open('b', PROTOCOL, { maxFrameBytes: 100 });
    const opening = [open(), open(), open()];
    const settled = Promise.allSettled(opening);
    await w.clock.advance(61_000);
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
  });

  it('has its stream reset when an item cannot be read', async () => {
    const w = await world();
    w.held.get = () => {
      throw new Error('disk');
    };
    const { report } = await w.fetch([itemOf(1).id]);
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'STREAM_FAILED']);
  });
});
