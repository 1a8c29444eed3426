import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeRangeRequest } from '../../../../src/protocol/fetch/range/testing.ts';
import {
  type Channel,
  type FetchOptions,
  PeerWork,
  ProtocolError,
} from '../../../../src/protocol/index.ts';
import type { RangeInit } from '../../../../src/store/index.ts';
import { rangeOf } from '../../../support/ranges.ts';
import { RANGE_PROTOCOL, World } from '../world.ts';
import { itemsOf, QUERY } from './support.ts';

const MIB = 1024 * 1024;
const READ_MS = 3_000;
const OVER = new ProtocolError('ABORTED', 'over');

/** A node whose reads take a while each, whatever becomes of their streams. */
class SlowReader {
  readonly world: World;
  reads = 0;
  mostReads = 0;
  #running = 0;

  constructor(passed = 0, options: Partial<FetchOptions> = {}) {
    const range = rangeOf(itemsOf(3));
    this.world = new World(options, { latencyMs: 1 }, async (init: RangeInit) => {
      this.reads++;
      this.mostReads = Math.max(this.mostReads, ++this.#running);
      await new Promise<void>((resolve) => this.world.clock.after(READ_MS, resolve));
      this.#running--;
      if (passed > 0) init.passedOver?.(passed);
      return range(init);
    });
  }

  async ask(peer: string): Promise<Channel> {
    const { network, clock } = this.world;
    network.connect(peer, 'b', { latencyMs: 1 });
    const opening = network.node(peer).open('b', RANGE_PROTOCOL, { maxFrameBytes: MIB });
    await clock.advance(2);
    const channel = await opening;
    channel.send(encodeRangeRequest(QUERY)).catch(() => undefined);
    await clock.advance(2);
    return channel;
  }
}

describe('the reading of ranges', () => {
  it('is done for two peers at a time, and once for each, though their streams are reset', async () => {
    const reader = new SlowReader();
    await reader.world.b.start();
    for (let round = 0; round < 2; round++) {
      for (let stream = 0; stream < 3; stream++) (await reader.ask('p')).abort(OVER);
    }
    assert.equal(reader.mostReads, 1, 'one peer');
    for (let stream = 0; stream < 2; stream++) {
      for (const peer of ['q', 'r', 's']) (await reader.ask(peer)).abort(OVER);
    }
    assert.equal(reader.mostReads, 2, 'four peers');
    await reader.world.clock.advance(10 * READ_MS);
    await reader.world.b.stop();
  });

  it('keeps a place for known peers', async () => {
    const reader = new SlowReader();
    const b = reader.world.service('b', {}, { knows: (peer) => peer === 'friend' });
    await b.start();
    for (const peer of ['p', 'q', 'r']) await reader.ask(peer);
    assert.equal(reader.reads, 1, 'strangers');
    await reader.ask('friend');
    assert.equal(reader.reads, 2);
    await reader.world.clock.advance(10 * READ_MS);
    await b.stop();
  });

  it('does not count as slowness of the peer that waits for it', async () => {
    const reader = new SlowReader(0, { answerBytes: 8 * MIB });
    const { world } = reader;
    await world.b.start();
    // Six peers have memory for their pages, and the others wait for it.
    for (let peer = 0; peer < 10; peer++) await reader.ask(`peer ${peer}`);
    await world.clock.advance(10 * READ_MS);
    assert.equal(reader.reads, 10);
    assert.deepEqual(world.warnings, []);
    await world.b.stop();
  });

  it('charges for long items that are read to tell their lengths, though the stream is reset', async () => {
    const reader = new SlowReader(16 * MIB);
    const { world } = reader;
    const work = new PeerWork({ clock: world.clock, options: { burstSeconds: 0.1 } });
    const b = world.service('b', {}, { work });
    await b.start();
    (await reader.ask('p')).abort(OVER);
    await world.clock.advance(READ_MS);
    assert.ok(work.debtMs('p') > 100, `${work.debtMs('p')} ms are owed`);
    const reads = reader.reads;
    await reader.ask('p');
    assert.equal(reader.reads, reads, 'it waits');
    await world.clock.advance(10_000);
    assert.equal(reader.reads, reads + 1);
    await b.stop();
  });
});
