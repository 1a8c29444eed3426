import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GossipGuard, type GossipGuardInit } from '../../../src/protocol/libp2p.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { HandStream } from '../../support/hand-stream.ts';

const KIB = 1024;
const UNBOUNDED = { own: 1e9, peer: 1e9, all: 1e9 };
const begun = (length: number): Uint8Array =>
  encodeFrames([new Uint8Array(length)]).subarray(0, -1);

function guarded(init: Partial<GossipGuardInit> = {}) {
  const clock = new VirtualClock();
  const guard = new GossipGuard({
    clock,
    frames: UNBOUNDED,
    bytes: UNBOUNDED,
    maxFrameBytes: 512 * KIB,
    begunBytes: 300 * KIB,
    maxLooks: 3,
    ...init,
  });
  const stream = (peer: string): HandStream => {
    const opened = new HandStream();
    opened.addEventListener('message', () => {});
    guard.watch(peer, opened);
    return opened;
  };
  return { guard, stream, clock };
}

const open = (...streams: HandStream[]): boolean[] =>
  streams.map(({ status }) => status === 'open');

describe('GossipGuard', () => {
  it('bounds the begun frames of all peers together', () => {
    const { stream } = guarded();
    const [a, b, c, d] = [stream('a'), stream('b'), stream('c'), stream('d')];
    for (const one of [a, b, c]) one.come(begun(100 * KIB));
    assert.deepEqual(open(a, b, c, d), [true, true, true, true]);
    d.come(begun(100 * KIB));
    assert.deepEqual(open(a, b, c, d), [true, true, true, false]);
    a.come(new Uint8Array(1));
    const e = stream('e');
    e.come(begun(100 * KIB));
    assert.deepEqual(open(a, e), [true, true], 'an end makes room');
    b.abort(new Error('gone'));
    const f = stream('f');
    f.come(begun(100 * KIB));
    assert.deepEqual(open(f), [true], 'the end of a stream makes room');
  });

  it('charges all that comes to the peer that sends it', () => {
    const charged: unknown[] = [];
    const traffic = { charge: (...bytes: unknown[]) => void charged.push(bytes) };
    const { stream } = guarded({ traffic });
    stream('a').come(new Uint8Array(7));
    stream('b').come(begun(100));
    assert.deepEqual(charged, [
      ['download', 'a', 7],
      ['download', 'b', 100],
    ]);
  });

  it('keeps a quarter of these bytes for known peers', () => {
    const { stream } = guarded({ begunBytes: 400 * KIB, knows: (peer) => peer === 'friend' });
    const [a, b, c, friend] = ['a', 'b', 'c', 'friend'].map(stream) as [
      HandStream,
      ...HandStream[],
    ];
    for (const one of [a, b, c, friend] as HandStream[]) one.come(begun(150 * KIB));
    assert.deepEqual(open(a, b!, c!, friend!), [true, true, false, true]);
  });

  it('resets a stream whose peer sends frames too fast, whatever is in them, until its rate has paid', async () => {
    const { stream, clock } = guarded({ frames: { own: 1, peer: 2, all: 100 } });
    const empty = (count: number) => encodeFrames(Array(count).fill(new Uint8Array(0)));
    const [first, other] = [stream('a'), stream('b')];
    first.come(empty(5), empty(10));
    assert.deepEqual(open(first), [true], 'five seconds of its own, and five of the rate');
    first.come(empty(1));
    assert.deepEqual(open(first), [false]);
    const second = stream('a');
    second.come(empty(1));
    other.come(empty(5));
    assert.deepEqual(open(second, other), [false, true], 'another stream is no way out');
    await clock.advance(1_000);
    const third = stream('a');
    third.come(empty(1), empty(2));
    assert.deepEqual(open(third), [true]);
    third.come(empty(1));
    assert.deepEqual(open(third), [false]);
  });

  it('resets a stream whose peer sends bytes too fast, also within frames', () => {
    const { stream } = guarded({ bytes: { own: 10, peer: 20, all: 100 } });
    const long = stream('a');
    long.come(begun(50), new Uint8Array(100));
    assert.deepEqual(open(long), [true], '50 bytes and 100');
    long.come(new Uint8Array(1));
    assert.deepEqual(open(long), [false]);
  });

  it('bounds the frames and bytes of all peers together, and leaves each a rate of its own', () => {
    const rate = { own: 2, peer: 20, all: 40 };
    for (const rates of [{ frames: rate }, { bytes: rate }]) {
      const { stream } = guarded(rates);
      const peers = ['a', 'b', 'c', 'd'].map(stream);
      for (const peer of peers) for (const bytes of [10, 100]) peer.come(new Uint8Array(bytes));
      assert.deepEqual(open(...peers), [true, true, false, false]);
      const late = stream('e');
      late.come(new Uint8Array(10));
      assert.deepEqual(open(late), [true]);
    }
  });

  it('blames the peers that are over their own rate, or send what is no frame, and no others', () => {
    const blamed: string[] = [];
    const { stream } = guarded({
      bytes: { own: 2, peer: 20, all: 40 },
      maxFrameBytes: 50,
      blame: (peer, code) => void blamed.push(`${peer} ${code}`),
    });
    for (const peer of ['a', 'b']) stream(peer).come(new Uint8Array(100));
    const [crowded, fast, long] = [stream('c'), stream('d'), stream('e')];
    crowded.come(new Uint8Array(100));
    assert.deepEqual([open(crowded), blamed], [[false], []], 'others use up what all may send');
    fast.come(new Uint8Array(101));
    long.come(begun(51).subarray(0, 1));
    assert.deepEqual(blamed, ['d FLOOD', 'e WRONG_FRAME']);
  });

  it('lets frames of up to 64 KiB be begun without the budget', () => {
    const { stream } = guarded({ begunBytes: 1 });
    const holder = stream('z');
    holder.come(begun(64 * KIB + 1));
    const some = ['a', 'b', 'c'].map(stream);
    for (const one of some) one.come(begun(64 * KIB));
    assert.deepEqual(open(holder, ...some), [true, true, true, true]);
    const longer = stream('d');
    longer.come(begun(64 * KIB + 1));
    assert.deepEqual(open(longer), [false]);
  });

  it('leaves a peer its newest stream alone', () => {
    const { stream } = guarded();
    const first = stream('a');
    const second = stream('a');
    assert.deepEqual(open(first, second), [false, true]);
    const third = stream('a');
    assert.deepEqual(open(second, third), [false, true]);
  });

  it('resets a stream whose frame does not end within its looks', () => {
    const { guard, stream } = guarded();
    const [idle, slow, prefix] = [stream('a'), stream('b'), stream('c')];
    slow.come(begun(10));
    prefix.come(Uint8Array.of(0x80));
    for (let i = 0; i < 3; i++) guard.look();
    assert.deepEqual(open(idle, slow, prefix), [true, true, true]);
    slow.come(new Uint8Array(1), begun(10));
    guard.look();
    assert.deepEqual(open(idle, slow, prefix), [true, true, false]);
    for (let i = 0; i < 3; i++) guard.look();
    assert.deepEqual(open(idle, slow), [true, false]);
  });

  it('resets a stream with a frame that is too long, or comes in tiny pieces', () => {
    const { stream } = guarded();
    const [fits, long, tiny] = [stream('a'), stream('b'), stream('c')];
    fits.come(encodeFrames([new Uint8Array(512 * KIB), new Uint8Array(0), new Uint8Array(5)]));
    long.come(begun(512 * KIB + 1));
    for (let i = 0; i < 1_025 && tiny.status === 'open'; i++) {
      tiny.come(i === 0 ? begun(2_000).subarray(0, 2) : new Uint8Array(1));
    }
    assert.deepEqual(open(fits, long, tiny), [true, false, false]);
  });
});
