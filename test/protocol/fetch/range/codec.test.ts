import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeEnd,
  decodeLong,
  decodeRangeRequest,
  encodeEnd,
  encodeLong,
  encodeRangeRequest,
  MAX_REQUEST_BYTES,
  packItems,
  partDigest,
} from '../../../../src/protocol/fetch/range/testing.ts';
import { encodeFrames } from '../../../../src/protocol/network/index.ts';
import { bytesToHex, concatBytes, INFINITE_BOUND, itemId } from '../../../../src/store/index.ts';
import { at } from './support.ts';

const NONCE = new Uint8Array(16).fill(0xaa);
const FIRST = 1_700_000_000_000n;

function named(text: string, hint: bigint) {
  const payload = new TextEncoder().encode(text);
  return { hint, payload, id: itemId(hint, payload) };
}

/** As a line of the page shows it, without its spaces. */
function line(frame: Uint8Array): string {
  return bytesToHex(encodeFrames([frame]));
}

describe('the frames of a range', () => {
  const items = [named('hello', FIRST), named('world', FIRST + 5n)];

  it('are those that docs/protocol-range.md shows', () => {
    const lower = { hint: FIRST, id: null };
    const request = { nonce: NONCE, lower, upper: INFINITE_BOUND, maxBytes: 32_768 };
    const bounds = '0000018bcfe5680000ffffffffffffffff00';
    assert.equal(line(encodeRangeRequest(request)), `2601${'aa'.repeat(16)}808002${bounds}`);
    const frames = [...packItems({ records: items })];
    assert.deepEqual(frames.map(line), ['140280d095ffbc310568656c6c6f0505776f726c64']);
    const digest = partDigest(NONCE, concatBytes(...items.map(({ id }) => id)));
    const end = encodeEnd({ count: 2, digest, end: INFINITE_BOUND });
    assert.equal(line(end), '1b0402d9c31e9c9b635d4fedb69b2b1fa0fad1ffffffffffffffff00');
    const long = { hint: FIRST, id: items[0]!.id, length: 40_000 };
    const id = '0e8ace57705311b9b7b1da3459cae18ed4d2d97ea7afdb320a21cb085c926621';
    assert.equal(line(encodeLong(long)), `2c030000018bcfe56800${id}c0b802`);
  });

  it('are read as they were written', () => {
    const [{ id }] = items as [(typeof items)[0]];
    const request = { nonce: NONCE, lower: { hint: 3n, id }, upper: at(9), maxBytes: 32_768 };
    assert.deepEqual(decodeRangeRequest(encodeRangeRequest(request)), request);
    assert.ok(encodeRangeRequest(request).length <= MAX_REQUEST_BYTES);
    const end = { count: 300, digest: NONCE, end: { hint: 3n, id: id.slice(0, 4) } };
    assert.deepEqual(decodeEnd(encodeEnd(end)), end);
    const long = { hint: 3n, id, length: 2 ** 33 };
    assert.deepEqual(decodeLong(encodeLong(long)), long);
  });

  it('are refused where they begin with another tag, or go on', () => {
    const request = { nonce: NONCE, lower: at(3), upper: at(9), maxBytes: 32_768 };
    const long = { hint: 3n, id: new Uint8Array(32), length: 40_000 };
    for (const [frame, decode] of [
      [encodeRangeRequest(request), decodeRangeRequest],
      [encodeLong(long), decodeLong],
      [encodeEnd({ count: 0, digest: NONCE, end: at(9) }), decodeEnd],
    ] as const) {
      decode(frame);
      for (const wrong of [frame.with(0, 9), concatBytes(frame, Uint8Array.of(0))]) {
        assert.throws(() => decode(wrong), { code: 'MALFORMED_FRAME' });
      }
    }
  });

  it('are refused with a bound that is none', () => {
    const end = encodeEnd({ count: 0, digest: NONCE, end: { hint: 3n, id: new Uint8Array(32) } });
    const lengthAt = end.length - 33;
    const longer = concatBytes(end.with(lengthAt, 33), Uint8Array.of(0));
    assert.throws(() => decodeEnd(longer), { code: 'MALFORMED_FRAME' });
    const above = encodeEnd({ count: 0, digest: NONCE, end: INFINITE_BOUND }).with(-1, 1);
    assert.throws(() => decodeEnd(concatBytes(above, Uint8Array.of(1))), {
      code: 'MALFORMED_FRAME',
    });
  });
});
