import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  AnswerReader,
  CHUNK_BYTES,
  decodeAnswer,
  decodeRequest,
  encodeAbsent,
  encodeChunks,
  encodeItem,
  encodeLarge,
  encodeRequest,
  MAX_ANSWER_BYTES,
  requestFrameBytes,
} from '../../../src/protocol/fetch/testing.ts';
import { ProtocolError } from '../../../src/protocol/index.ts';
import { bytesToHex, hexToBytes, type Item, itemId, verifyItem } from '../../../src/store/index.ts';
import { assertProperty } from '../../support/property.ts';

const LIMITS = { maxItemBytes: 1 << 20, maxIds: 1_024 };

function itemOf(hint: bigint, payload: Uint8Array): Item {
  return verifyItem({ hint, payload, id: itemId(hint, payload) });
}

function bytesOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 0xff);
}

/** Every way to cut a frame short fails with a code, and never with anything else. */
function assertTruncationsRefused(frame: Uint8Array, decode: (frame: Uint8Array) => unknown): void {
  for (let length = 0; length < frame.length; length++) {
    assert.throws(() => decode(frame.slice(0, length)), ProtocolError, `cut to ${length}`);
  }
}

describe('fetch codec', () => {
  it('writes what docs/protocol-streams.md shows', () => {
    const item = itemOf(1_700_000_000_000n, new TextEncoder().encode('hello'));
    const own = '0e8ace57705311b9b7b1da3459cae18ed4d2d97ea7afdb320a21cb085c926621';
    assert.equal(bytesToHex(item.id), own);
    assert.equal(
      bytesToHex(encodeRequest({ ids: [item.id], maxBytes: 262_144 })),
      `0180801001${own}`,
    );
    assert.equal(bytesToHex(encodeAbsent(item.id)), `02${own}`);
    assert.equal(bytesToHex(encodeLarge(item.id, 12_582_912)), `05${own}80808006`);
    assert.equal(bytesToHex(encodeItem(item)), `03${own}0000018bcfe568000568656c6c6f`);
    assert.deepEqual([...encodeChunks(item.payload)], []);
  });

  it('decodes requests to the encoded requests', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const ids = fc.array(id, { minLength: 1, maxLength: 300 });
    const asked = fc.record(
      { ids, maxBytes: fc.nat({ max: 2 ** 31 - 1 }) },
      { noNullPrototype: true },
    );
    const property = fc.property(asked, (request) => {
      const frame = encodeRequest(request);
      assert.ok(frame.length <= requestFrameBytes(request.ids.length));
      assert.deepEqual(decodeRequest(frame, LIMITS), request);
    });
    assertProperty(property, { numRuns: 50 });
  });

  it('refuses requests that are cut, padded, empty or too large', () => {
    const ids = [new Uint8Array(32), new Uint8Array(32).fill(1)];
    const frame = encodeRequest({ ids, maxBytes: 300 });
    assertTruncationsRefused(frame, (bytes) => decodeRequest(bytes, LIMITS));
    const refused = (hex: string, code: string) =>
      assert.throws(() => decodeRequest(hexToBytes(hex), LIMITS), { code });
    refused(`${bytesToHex(frame)}00`, 'MALFORMED_FRAME');
    refused('010000', 'MALFORMED_FRAME');
    refused(`01008100${'00'.repeat(32)}`, 'MALFORMED_FRAME');
    refused(`01810001${'00'.repeat(32)}`, 'MALFORMED_FRAME');
    refused(`02${'00'.repeat(32)}`, 'MALFORMED_FRAME');
    refused('01ffffffffffffffffff01', 'MALFORMED_FRAME');
    refused('0100ffffffff7f', 'BUDGET_SPENT');
    refused('01008108', 'BUDGET_SPENT');
  });

  it('refuses answers that are cut, padded or too large', () => {
    const item = encodeItem(itemOf(5n, new Uint8Array(0)));
    const absent = encodeAbsent(new Uint8Array(32));
    const decode = (bytes: Uint8Array) => decodeAnswer(bytes, LIMITS);
    const refused = (hex: string, code: string) =>
      assert.throws(() => decode(hexToBytes(hex)), { code });
    assertTruncationsRefused(item, decode);
    assertTruncationsRefused(absent, decode);
    assertTruncationsRefused(encodeLarge(new Uint8Array(32), 300), decode);
    refused(`05${'00'.repeat(32)}0100`, 'MALFORMED_FRAME');
    refused(`05${'00'.repeat(32)}8000`, 'MALFORMED_FRAME');
    const header = `03${'00'.repeat(32)}`;
    refused(`${bytesToHex(absent)}00`, 'MALFORMED_FRAME');
    refused(`${header}${'ff'.repeat(8)}00`, 'MALFORMED_FRAME');
    refused(`${header}${'00'.repeat(8)}0000`, 'MALFORMED_FRAME');
    refused(`${header}${'00'.repeat(8)}ffffffff7f`, 'ITEM_TOO_LARGE');
    refused(`${header}${'00'.repeat(8)}${'ff'.repeat(9)}01`, 'MALFORMED_FRAME');
    refused('04', 'MALFORMED_FRAME');
    refused('06', 'MALFORMED_FRAME');
    refused(`04${'00'.repeat(CHUNK_BYTES + 1)}`, 'MALFORMED_FRAME');
    refused(`${header}${'00'.repeat(8)}c08004${'00'.repeat(CHUNK_BYTES + 1)}`, 'MALFORMED_FRAME');
  });

  it('survives random bytes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      for (const decode of [
        () => decodeRequest(bytes, LIMITS),
        () => decodeAnswer(bytes, LIMITS),
        () => new AnswerReader({ ids: [bytes], maxBytes: 9 }, LIMITS).read(bytes),
      ]) {
        try {
          decode();
        } catch (error) {
          assert.ok(error instanceof ProtocolError);
        }
      }
    });
    assertProperty(property, { numRuns: 500 });
  });
});

describe('AnswerReader', () => {
  const readerFor = (...ids: Uint8Array[]) =>
    new AnswerReader({ ids, maxBytes: LIMITS.maxItemBytes }, LIMITS);
  const sizes = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES + 7];
  const items = sizes.map((size, i) => itemOf(BigInt(i), bytesOf(size, i)));

  it('assembles items of all sizes', () => {
    const ids = items.map(({ id }) => id);
    const reader = readerFor(...ids);
    const read: Item[] = [];
    for (const item of items) {
      for (const frame of [encodeItem(item), ...encodeChunks(item.payload)]) {
        assert.ok(frame.length <= MAX_ANSWER_BYTES);
        const progress = reader.read(frame);
        if (progress.kind === 'item') read.push(progress.item);
      }
    }
    assert.deepEqual(read, items);
    assert.equal(reader.done, true);
    assert.equal(reader.next, null);
    assert.equal(
      reader.payloadBytes,
      sizes.reduce((sum, size) => sum + size),
    );
  });

  it('accepts chunks of any size', () => {
    const item = items.at(-1)!;
    const reader = readerFor(item.id);
    const frame = encodeItem(item);
    const header = frame.slice(0, frame.length - CHUNK_BYTES);
    assert.equal(reader.read(header).kind, 'part');
    for (let at = 0; at < item.payload.length; at += 1_000) {
      const chunk = Uint8Array.of(4, ...item.payload.subarray(at, at + 1_000));
      const progress = reader.read(chunk);
      assert.equal(progress.kind, at + 1_000 < item.payload.length ? 'part' : 'item');
    }
    assert.ok(reader.done);
  });

  it('accepts only the answer to the next id', () => {
    const [first, second] = [items[1]!, items[2]!];
    const make = () => readerFor(first.id, second.id);
    const frame = (item: Item) => encodeItem(item);
    const refused = (reader: AnswerReader, bytes: Uint8Array, code: string) =>
      assert.throws(() => reader.read(bytes), { code });
    refused(make(), frame(second), 'UNEXPECTED_FRAME');
    refused(make(), encodeAbsent(second.id), 'UNEXPECTED_FRAME');
    refused(make(), Uint8Array.of(4, 1), 'UNEXPECTED_FRAME');
    const again = make();
    again.read(frame(first));
    refused(again, frame(first), 'UNEXPECTED_FRAME');
    const full = make();
    full.read(encodeAbsent(first.id));
    full.read(encodeAbsent(second.id));
    refused(full, encodeAbsent(second.id), 'UNEXPECTED_FRAME');
  });

  it('accepts the length instead of the payload for an item above the requested length', () => {
    const item = items.at(-1)!;
    const reader = new AnswerReader({ ids: [item.id], maxBytes: 1_000 }, LIMITS);
    const frame = encodeItem(item);
    assert.throws(() => reader.read(frame), { code: 'UNEXPECTED_FRAME' });
    assert.throws(() => reader.read(encodeLarge(item.id, 1_000)), { code: 'UNEXPECTED_FRAME' });
    const progress = reader.read(encodeLarge(item.id, 1_001));
    assert.deepEqual(progress, { kind: 'large', id: item.id, length: 1_001 });
    assert.equal(reader.done, true);
  });

  it('accepts no item that ends early, goes on too long or does not hash', () => {
    const long = items.at(-1)!;
    const begun = () => {
      const reader = readerFor(long.id, items[0]!.id);
      reader.read(encodeItem(long));
      return reader;
    };
    assert.throws(() => begun().read(encodeAbsent(items[0]!.id)), { code: 'UNEXPECTED_FRAME' });
    const over = begun();
    for (let i = 0; i < 4; i++) over.read(Uint8Array.of(4, ...new Uint8Array(CHUNK_BYTES)));
    assert.throws(() => over.read(Uint8Array.of(4, ...new Uint8Array(8))), {
      code: 'UNEXPECTED_FRAME',
    });
    assert.equal(over.payloadBytes, 5 * CHUNK_BYTES + 8, 'wrong bytes are counted too');
    const wrong = begun();
    for (let i = 0; i < 4; i++) wrong.read(Uint8Array.of(4, ...new Uint8Array(CHUNK_BYTES)));
    assert.throws(() => wrong.read(Uint8Array.of(4, ...new Uint8Array(7))), {
      code: 'INVALID_BYTES',
    });
    const { id, payload } = items[1]!;
    const otherHint = encodeItem({ id, payload, hint: 99n });
    assert.throws(() => readerFor(id).read(otherHint), { code: 'INVALID_BYTES' });
  });
});
