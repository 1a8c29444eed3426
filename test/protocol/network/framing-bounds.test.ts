import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeFrames, FrameBuffer } from '../../../src/protocol/network/index.ts';
import { countBytes } from '../../../src/protocol/testing.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../../../src/store/index.ts';
import { settle } from '../../support/clock.ts';

const frame = (size: number, fill = 7): Uint8Array => new Uint8Array(size).fill(fill);

function holding(...chunks: Uint8Array[]): FrameBuffer {
  const buffer = new FrameBuffer(1_000);
  for (const chunk of chunks) buffer.push(chunk);
  return buffer;
}

describe('framing: bounds', () => {
  it('writes lengths as shortest varints', () => {
    for (const [size, prefix] of [
      [0, '00'],
      [127, '7f'],
      [128, '8001'],
      [16_383, 'ff7f'],
      [16_384, '808001'],
    ] as const) {
      const bytes = encodeFrames([frame(size)]);
      assert.equal(bytesToHex(bytes.subarray(0, countBytes(size))), prefix);
      assert.equal(bytes.length, prefix.length / 2 + size);
    }
    assert.deepEqual(
      [2 ** 28 - 1, 2 ** 28, 2 ** 35 - 1].map((size) => countBytes(size)),
      [4, 5, 5],
    );
  });

  it('accepts a frame of the longest length, and refuses one byte more', () => {
    assert.equal(holding(encodeFrames([frame(1_000)])).take()?.length, 1_000);
    assert.throws(() => holding(encodeFrames([frame(1_001)])).take(), { code: 'FRAME_TOO_LARGE' });
  });

  it('accepts a prefix of five bytes, and refuses a longer one', () => {
    const refused = (hex: string, code: string) =>
      assert.throws(() => holding(hexToBytes(hex)).take(), { code }, hex);
    refused('ffffffff7f', 'FRAME_TOO_LARGE');
    refused('ffffffffff', 'MALFORMED_FRAME');
    refused('8000', 'MALFORMED_FRAME');
    assert.equal(holding(hexToBytes('ffffffff')).take(), undefined);
    assert.equal(holding(new Uint8Array(0)).take(), undefined);
    assert.deepEqual(holding(hexToBytes('00')).take(), new Uint8Array(0));
  });

  it('returns the frames that fit together with their prefixes', () => {
    // 11 and 202 bytes, with their prefixes.
    const wire = encodeFrames([frame(10), frame(200), frame(3)]);
    for (const [most, sizes] of [
      [10, []],
      [11, [10]],
      [11 + 201, [10]],
      [11 + 202, [10, 200]],
      [11 + 202 + 3, [10, 200]],
      [11 + 202 + 4, [10, 200, 3]],
    ] as const) {
      const buffer = holding(wire);
      const ready = buffer.takeReady(most);
      assert.deepEqual(
        ready.map(({ length }) => length),
        sizes,
        `${most} bytes`,
      );
      assert.equal(buffer.size, wire.length - encodeFrames(ready).length);
    }
  });

  it('returns frames that later bytes do not change', () => {
    const buffer = holding(encodeFrames([frame(10, 1), frame(20, 2), frame(30, 3), frame(40, 4)]));
    const first = buffer.take()!;
    const ready = buffer.takeReady(53);
    buffer.push(encodeFrames([frame(900, 9)]));
    const last = [buffer.take(), buffer.take()];
    assert.deepEqual(first, frame(10, 1));
    assert.deepEqual(ready, [frame(20, 2), frame(30, 3)]);
    assert.deepEqual(last, [frame(40, 4), frame(900, 9)]);
    assert.equal(buffer.size, 0);
  });

  it('can be used after a clear, with frames of any size', () => {
    const buffer = new FrameBuffer(1 << 20);
    for (const size of [10, 200_000, 5, 70_000]) {
      buffer.push(encodeFrames([frame(size)]).subarray(0, 4));
      assert.equal(buffer.size, 4);
      buffer.clear();
      assert.equal(buffer.size, 0);
      buffer.push(encodeFrames([frame(size, 3)]));
      assert.deepEqual(buffer.take(), frame(size, 3));
    }
  });

  it('assembles bytes that arrive while frames are taken', () => {
    const buffer = new FrameBuffer(5_000);
    const wire = concatBytes(
      ...[700, 800, 900, 1_000, 3].map((size) => encodeFrames([frame(size)])),
    );
    const sizes: number[] = [];
    for (let at = 0; at < wire.length; at += 512) {
      buffer.push(wire.subarray(at, at + 512));
      for (let one = buffer.take(); one !== undefined; one = buffer.take()) {
        assert.deepEqual(one, frame(one.length));
        sizes.push(one.length);
      }
    }
    assert.deepEqual(sizes, [700, 800, 900, 1_000, 3]);
  });

  it('hands over a long frame in the memory that it came in, which is little longer', () => {
    const buffer = new FrameBuffer(1 << 20);
    for (const size of [65_537, 1 << 20]) {
      const wire = encodeFrames([frame(size)]);
      for (let at = 0; at < wire.length; at += 10_000) {
        assert.equal(buffer.take(), undefined);
        buffer.push(wire.subarray(at, at + 10_000));
      }
      const taken = buffer.take()!;
      buffer.push(frame(wire.length, 9));
      buffer.clear();
      // A difference of a million bytes would be written out for minutes.
      assert.equal(Buffer.compare(taken, frame(size)), 0, 'later bytes do not change it');
      assert.ok(taken.byteOffset > 0, 'it is no copy');
      assert.ok(taken.buffer.byteLength <= size + 5, `${taken.buffer.byteLength} for ${size}`);
    }
  });

  it('copies a long frame that came in much larger memory, or with bytes behind it', () => {
    const [alone, followed] = [1, 2].map(() => new FrameBuffer(1 << 20));
    alone!.push(encodeFrames([frame(200_000)]));
    const wire = concatBytes(encodeFrames([frame(200_000)]), Uint8Array.of(1));
    followed!.push(wire.subarray(0, 10_000));
    assert.equal(followed!.take(), undefined);
    followed!.push(wire.subarray(10_000));
    for (const buffer of [alone!, followed!]) {
      assert.equal(buffer.take()!.buffer.byteLength, 200_000);
    }
    followed!.push(Uint8Array.of(8));
    assert.deepEqual(followed!.take(), Uint8Array.of(8));
  });

  it('holds on to little memory once it is empty, however much it held', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // A long frame with another behind it is copied, so that its memory stays.
    const wire = encodeFrames([frame(1 << 20), frame(1)]);
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const buffers = Array.from({ length: 10 }, () => {
      const buffer = new FrameBuffer(1 << 20);
      buffer.push(wire);
      while (buffer.take() !== undefined);
      return buffer;
    });
    // What a turn of the event loop holds is let go with its end.
    await settle();
    collect();
    collect();
    const held = process.memoryUsage().arrayBuffers - before;
    assert.ok(held < 1 << 20, `${buffers.length} empty buffers hold ${held} bytes`);
  });
});
