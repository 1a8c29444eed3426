import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeFrames, FrameBuffer } from '../../../src/protocol/network/index.ts';
import { countBytes } from '../../../src/protocol/testing.ts';
import { hexToBytes } from '../../../src/store/index.ts';
import { assertProperty } from '../../support/property.ts';

function taken(buffer: FrameBuffer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let frame = buffer.take(); frame !== undefined; frame = buffer.take()) frames.push(frame);
  return frames;
}

/** Puts the bytes into a buffer in pieces of these sizes; after each, `look` may take out frames. */
function inPieces(
  wire: Uint8Array,
  sizes: Iterator<number>,
  look: (buffer: FrameBuffer) => void,
): FrameBuffer {
  const buffer = new FrameBuffer(300);
  for (let at = 0; at < wire.length; ) {
    const size = sizes.next().value as number;
    buffer.push(wire.subarray(at, at + size));
    at += size;
    look(buffer);
  }
  return buffer;
}

describe('framing', () => {
  it('returns the frames, however the bytes are cut', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 200 }));
    const property = fc.property(frames, cuts, (sent, sizes) => {
      const got: Uint8Array[] = [];
      const buffer = inPieces(encodeFrames(sent), sizes, (one) => got.push(...taken(one)));
      assert.deepEqual(got, sent);
      assert.equal(buffer.size, 0);
    });
    assertProperty(property, { numRuns: 200 });
  });

  it('returns complete frames at once, as many as fit, and the rest later', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 900 }));
    const property = fc.property(frames, cuts, fc.nat({ max: 1_000 }), (sent, sizes, most) => {
      const got: Uint8Array[] = [];
      const buffer = inPieces(encodeFrames(sent), sizes, (some) => {
        for (let one = some.take(); one !== undefined; one = some.take()) {
          const ready = some.takeReady(most);
          assert.ok(encodeFrames(ready).length <= most);
          got.push(one, ...ready);
        }
      });
      assert.deepEqual(got, sent);
      assert.equal(buffer.size, 0);
    });
    assertProperty(property, { numRuns: 200 });
  });

  it('returns the frames before a wrong one, and then its error', () => {
    const buffer = new FrameBuffer(1_000);
    buffer.push(hexToBytes('01aa02bbcce907'));
    assert.deepEqual(buffer.takeReady(100), [hexToBytes('aa'), hexToBytes('bbcc')]);
    assert.throws(() => buffer.takeReady(100), { code: 'FRAME_TOO_LARGE' });
    assert.throws(() => buffer.take(), { code: 'FRAME_TOO_LARGE' });
  });

  it('knows how long prefixes are', () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const prefix = countBytes(length);
      assert.equal(encodeFrames([new Uint8Array(length)]).length, prefix + length);
    }
  });

  it('refuses a frame that is too long as soon as its length is known', () => {
    const buffer = new FrameBuffer(1_000);
    buffer.push(hexToBytes('e907'));
    assert.throws(() => buffer.take(), { code: 'FRAME_TOO_LARGE' });
    const fits = new FrameBuffer(1_000);
    fits.push(hexToBytes('e807'));
    assert.equal(fits.take(), undefined);
  });

  it('refuses overlong prefixes, and waits for the rest of incomplete ones', () => {
    for (const hex of ['8000', '80808000', '808080808001', 'ffffffffff']) {
      const buffer = new FrameBuffer(1_000);
      buffer.push(hexToBytes(hex));
      assert.throws(() => buffer.take(), { code: 'MALFORMED_FRAME' }, hex);
    }
    const buffer = new FrameBuffer(1_000);
    buffer.push(hexToBytes('80808080'));
    assert.equal(buffer.take(), undefined);
  });

  it('accepts a megabyte a byte at a time at little cost', () => {
    const wire = encodeFrames([new Uint8Array(1 << 20)]);
    const buffer = new FrameBuffer(1 << 20);
    for (const byte of wire.subarray(0, -1)) {
      buffer.push(Uint8Array.of(byte));
      assert.equal(buffer.take(), undefined);
    }
    buffer.push(wire.subarray(-1));
    assert.equal(buffer.take()?.length, 1 << 20);
  });
});
