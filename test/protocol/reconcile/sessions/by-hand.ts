import assert from 'node:assert/strict';
import type { Channel } from '../../../../src/protocol/index.ts';
import type { VirtualClock } from '../../../support/clock.ts';
import type { MemoryNode } from '../../../support/memory-network.ts';
import { soon } from '../../../support/soon.ts';

/** A peer without a service: the test opens its streams and speaks on them, frame by frame. */
export class ByHand {
  readonly #clock: VirtualClock;
  readonly #node: MemoryNode;
  readonly #protocol: string;

  constructor(init: { clock: VirtualClock; node: MemoryNode; protocol: string }) {
    this.#clock = init.clock;
    this.#node = init.node;
    this.#protocol = init.protocol;
  }

  open(peer: string): Promise<Channel> {
    const opening = this.#node.open(peer, this.#protocol, { maxFrameBytes: 1 << 20 });
    return soon(this.#clock, `${peer} takes a stream`, opening, 50);
  }

  /** Speaks the protocol; resolves with a way to the streams that others open, in order. */
  async listen(
    maxInbound = 9,
    receiveWindowBytes: number = 1 << 20,
  ): Promise<() => Promise<Channel>> {
    const streams: Channel[] = [];
    const handler = (channel: Channel): Promise<void> => {
      streams.push(channel);
      return new Promise(() => {});
    };
    const limits = { maxFrameBytes: 1 << 20, maxInbound, receiveWindowBytes };
    await this.#node.handle(this.#protocol, handler, limits);
    return async () => {
      await this.#clock.advance(50);
      return streams.shift() ?? assert.fail('a stream is opened within 50 ms');
    };
  }

  async say(channel: Channel, frame: Uint8Array): Promise<void> {
    await soon(this.#clock, 'a frame is taken', channel.send(frame), 50);
  }

  /** The next frame, or null for the end of the stream. */
  hear(channel: Channel): Promise<Uint8Array | null> {
    return soon(this.#clock, 'a frame or the end comes', channel.receive(), 50);
  }

  async close(channel: Channel): Promise<void> {
    await channel.close();
    assert.equal(await this.hear(channel), null, 'the other side closes too');
  }
}
