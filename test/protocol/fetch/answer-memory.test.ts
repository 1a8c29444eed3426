import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeRequest } from '../../../src/protocol/fetch/testing.ts';
import type { Channel, FetchOptions } from '../../../src/protocol/index.ts';
import { bytesToKey } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import { itemOf, PROTOCOL, World, world } from './world.ts';

const LONG = 1_000_000;
const items = Array.from({ length: 4 }, (_, i) => itemOf(i, LONG));
/** Two long answers fit three quarters of it. */
const OPTIONS: Partial<FetchOptions> = { answerBytes: 3_000_000, writeTimeoutMs: 600_000 };

interface Reader {
  readonly channel: Channel;
  /** Takes frames until the payload is whole. */
  all(): Promise<void>;
}

/** Asks for the items from a peer of its own and reads nothing. */
async function asks(w: World, peer: string, numbers: readonly number[]): Promise<Reader> {
  w.network.connect(peer, 'b', { latencyMs: 1 });
  await w.clock.advance(10);
  const init = { maxFrameBytes: 1 << 20, receiveWindowBytes: 1 };
  const opening = w.network.node(peer).open('b', PROTOCOL, init);
  await w.clock.advance(10);
  const channel = await opening;
  const ids = numbers.map((number) => items[number]!.id);
  channel.send(encodeRequest({ ids, maxBytes: LONG })).catch(() => {});
  await w.clock.advance(10);
  const all = async (): Promise<void> => {
    for (let bytes = 0; bytes < LONG; ) {
      const [frame] = await Promise.all([channel.receive(), w.clock.advance(5)]);
      bytes += frame?.length ?? LONG;
    }
  };
  return { channel, all };
}

describe('AnswerMemory', () => {
  async function serving(): Promise<World> {
    return (await world(OPTIONS)).hold(...items);
  }

  it('is taken before a payload is read, by all peers together', async () => {
    const w = await serving();
    const readers: Reader[] = [];
    for (const peer of ['p', 'q', 'r', 's']) readers.push(await asks(w, peer, [0]));
    assert.equal(w.gets, 2, 'payloads in memory');
    await readers[0]!.all();
    assert.equal(w.gets, 3, 'the last byte of an answer makes room for the next');
    await readers[1]!.all();
    assert.equal(w.gets, 4);
    await w.b.stop();
  });

  it('gives a peer at most half, on all its streams', async () => {
    const w = await serving();
    for (const number of [0, 1, 2]) await asks(w, 'p', [number]);
    assert.equal(w.gets, 1);
    await asks(w, 'q', [0]);
    assert.equal(w.gets, 2, 'another peer need not wait for it');
    await w.b.stop();
  });

  it('keeps room for known peers, for short and for long answers', async () => {
    const w = new World(OPTIONS);
    const b = w.service('b', OPTIONS, { knows: (peer) => peer === 'friend' });
    await b.start();
    const short = itemOf(9);
    w.hold(...items, short);
    for (const peer of ['p', 'q', 'r', 's']) await asks(w, peer, [0, 1, 2]);
    const strangers = w.gets;
    await w.clock.advance(1_000);
    assert.equal(w.gets, strangers, 'strangers wait');
    const friend = await asks(w, 'friend', [3]);
    await friend.all();
    assert.equal(w.gets, strangers + 1);
    await b.stop();
  });

  it('leaves room for short answers while long ones wait', async () => {
    const w = await serving();
    const short = itemOf(9);
    w.held.set(bytesToKey(short.id), short);
    for (const peer of ['p', 'q', 'r']) await asks(w, peer, [0]);
    assert.equal(w.gets, 2);
    const asking = w.a.fetch({ peer: 'b', ids: [short.id], onItems: () => {} });
    await w.clock.advance(1_000);
    assert.equal((await byNow(asking, 'it waits for long answers')).items, 1);
    await w.b.stop();
  });

  it('lets a slow reader be while no other answer waits, and cuts it off once one does', async () => {
    const w = await serving();
    const slow = await asks(w, 'p', [0]);
    await asks(w, 'q', [1]);
    await w.clock.advance(60_000);
    assert.deepEqual(w.warnings, []);
    const waiting = await asks(w, 'r', [2]);
    assert.equal(w.gets, 2);
    await w.clock.advance(5_000);
    assert.deepEqual(
      w.warnings.map(({ peer, code }) => [peer, code]),
      [['p', 'TIMEOUT']],
      'one reader makes room enough',
    );
    assert.equal(w.gets, 3);
    await assert.rejects(slow.all());
    await waiting.all();
    await w.b.stop();
  });

  it('ends the wait when the node stops', async () => {
    const w = await serving();
    for (const peer of ['p', 'q', 'r']) await asks(w, peer, [0]);
    await w.b.stop();
    assert.equal(w.gets, 2, 'the last request was not answered');
  });
});
