import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
} from '../../../src/protocol/fetch/testing.ts';
import {
  concatBytes,
  hexToBytes,
  INFINITE_HINT,
  itemId,
  verifyItem,
} from '../../../src/store/index.ts';
import { itemOf } from './world.ts';

const ID = '11'.repeat(32);
const HINT = '0000000000000005';
const LIMITS = { maxItemBytes: 1_000 };

const answer = (hex: string, rest = 0, limits = LIMITS) =>
  decodeAnswer(concatBytes(hexToBytes(hex), new Uint8Array(rest)), limits);

describe('fetch codec: bounds', () => {
  it('accepts ids in a frame up to the limit, and refuses one more', () => {
    const ids = [1, 2, 3].map((n) => new Uint8Array(32).fill(n));
    const frame = encodeRequest({ ids, maxBytes: 2 ** 35 - 1 });
    assert.deepEqual(decodeRequest(frame, { maxIds: 3 }), { ids, maxBytes: 2 ** 35 - 1 });
    assert.throws(() => decodeRequest(frame, { maxIds: 2 }), { code: 'BUDGET_SPENT' });
  });

  it('accepts each id of a frame once', () => {
    const ids = [1, 2, 1].map((n) => new Uint8Array(32).fill(n));
    const frame = encodeRequest({ ids, maxBytes: 9 });
    assert.throws(() => decodeRequest(frame, { maxIds: 3 }), { code: 'MALFORMED_FRAME' });
  });

  it('accepts an item of the longest length, and refuses one byte more', () => {
    const long = answer(`03${ID}${HINT}e807`, 1_000);
    assert.equal(long.kind === 'item' && long.length, 1_000);
    assert.throws(() => answer(`03${ID}${HINT}e907`, 1_000), { code: 'ITEM_TOO_LARGE' });
  });

  it('accepts any hint but the reserved one', () => {
    const highest = answer(`03${ID}fffffffffffffffe00`);
    assert.equal(highest.kind === 'item' && highest.hint, INFINITE_HINT - 1n);
    assert.throws(() => answer(`03${ID}ffffffffffffffff00`), { code: 'MALFORMED_FRAME' });
  });

  it('accepts no more payload bytes than the item has, or than fill a frame', () => {
    assert.throws(() => answer(`03${ID}${HINT}03`, 4), { code: 'MALFORMED_FRAME' });
    const limits = { maxItemBytes: 1 << 20 };
    const full = answer(`03${ID}${HINT}818004`, CHUNK_BYTES, limits);
    assert.equal(full.kind === 'item' && full.first.length, CHUNK_BYTES);
    const over = () => answer(`03${ID}${HINT}818004`, CHUNK_BYTES + 1, limits);
    assert.throws(over, { code: 'MALFORMED_FRAME' });
  });

  it('accepts chunks from one byte up to the full size', () => {
    for (const bytes of [1, CHUNK_BYTES]) {
      const chunk = answer('04', bytes);
      assert.equal(chunk.kind === 'chunk' && chunk.bytes.length, bytes);
    }
    for (const bytes of [0, CHUNK_BYTES + 1]) {
      assert.throws(() => answer('04', bytes), { code: 'MALFORMED_FRAME' });
    }
  });

  it('names the first byte of a frame of an unknown kind', () => {
    const refused = (decode: () => unknown, message: RegExp) => assert.throws(decode, { message });
    refused(() => answer('0907'), /not 09$/);
    refused(() => answer(''), /not nothing$/);
    refused(() => answer('04'), /not 0$/);
    refused(() => decodeRequest(hexToBytes('0201'), { maxIds: 1 }), /not 02$/);
    refused(() => decodeRequest(new Uint8Array(0), { maxIds: 1 }), /not nothing$/);
  });

  it('knows the longest frame of an answer', () => {
    assert.equal(MAX_ANSWER_BYTES, 1 + 32 + 8 + 5 + 64 * 1024);
  });

  it('cuts payloads into whole chunks and a rest', () => {
    const lengths = (size: number): number[] =>
      [...encodeChunks(new Uint8Array(size))].map(({ length }) => length - 1);
    assert.deepEqual(lengths(CHUNK_BYTES), []);
    assert.deepEqual(lengths(CHUNK_BYTES + 1), [1]);
    assert.deepEqual(lengths(3 * CHUNK_BYTES), [CHUNK_BYTES, CHUNK_BYTES]);
  });
});

describe('AnswerReader: bounds', () => {
  const items = [1, 2, 3].map((number) => itemOf(number, 1_000));
  const ids = items.map(({ id }) => id);
  const reader = (maxBytes: number, maxItemBytes = 1_000) =>
    new AnswerReader({ ids, maxBytes }, { maxItemBytes });

  it('accepts an item up to the requested length, and refuses one byte more', () => {
    const [item] = items;
    assert.equal(reader(1_000).read(encodeItem(item!)).kind, 'item');
    assert.throws(() => reader(999).read(encodeItem(item!)), { code: 'UNEXPECTED_FRAME' });
  });

  it('refuses another answer in the middle of an item, even one to its id', () => {
    const frame = encodeItem(items[0]!);
    const begin = frame.subarray(0, frame.length - 600);
    for (const wrong of [encodeAbsent(ids[0]!), encodeLarge(ids[0]!, 5_000), begin]) {
      const one = reader(1_000);
      assert.equal(one.read(begin).kind, 'part');
      assert.equal(one.payloadBytes, 400);
      assert.throws(() => one.read(wrong), { code: 'UNEXPECTED_FRAME' });
      assert.deepEqual([one.done, one.next], [false, ids[0]]);
    }
  });

  it('reads answers of all kinds in order, and knows which id is next', () => {
    const short = { ...items[1]!, payload: new Uint8Array(7), hint: 2n };
    const id = itemId(short.hint, short.payload);
    const two = new AnswerReader({ ids: [ids[0]!, id, ids[2]!], maxBytes: 999 }, LIMITS);
    assert.deepEqual([two.done, two.next], [false, ids[0]]);
    two.read(encodeLarge(ids[0]!, 1_000));
    assert.deepEqual([two.done, two.next], [false, id]);
    const frame = encodeItem({ ...short, id });
    assert.equal(two.read(frame.subarray(0, frame.length - 3)).kind, 'part');
    assert.deepEqual([two.done, two.next], [false, id], 'a part is no answer');
    const progress = two.read(Uint8Array.of(4, 0, 0, 0));
    assert.deepEqual(progress, { kind: 'item', item: verifyItem({ ...short, id }) });
    assert.deepEqual(two.read(encodeAbsent(ids[2]!)), { kind: 'absent', id: ids[2] });
    assert.deepEqual([two.done, two.next, two.payloadBytes], [true, null, 7]);
  });

  it('refuses a chunk after a complete item', () => {
    const one = reader(1_000);
    const frame = encodeItem(items[0]!);
    one.read(frame.subarray(0, frame.length - 1));
    one.read(Uint8Array.of(4, items[0]!.payload.at(-1)!));
    assert.throws(() => one.read(Uint8Array.of(4, 1)), { code: 'UNEXPECTED_FRAME' });
    assert.equal(one.payloadBytes, 1_001, 'wrong bytes are counted too');
  });

  it('starts afresh with each item of several frames', () => {
    const one = reader(1_000);
    for (const item of items) {
      const frame = encodeItem(item);
      one.read(frame.subarray(0, frame.length - 500));
      const progress = one.read(Uint8Array.of(4, ...item.payload.subarray(500)));
      assert.deepEqual(progress, { kind: 'item', item });
      assert.equal(progress.kind === 'item' && progress.item.payload.buffer.byteLength, 1_000);
    }
  });

  it('returns an item of one frame without a copy', () => {
    const frame = encodeItem(items[0]!);
    const progress = reader(1_000).read(frame);
    assert.equal(progress.kind === 'item' && progress.item.payload.buffer, frame.buffer);
  });

  it('returns items with the requested id, which keeps no frame in memory', () => {
    const progress = reader(1_000).read(encodeItem(items[0]!));
    assert.equal(progress.kind === 'item' && progress.item.id, ids[0]);
  });

  const held = (): number => process.memoryUsage().external;

  it('allocates for received bytes, not for the length that a peer states', () => {
    const before = held();
    const limits = { maxItemBytes: 2 ** 30 };
    const readers = Array.from({ length: 40 }, () => {
      const one = new AnswerReader({ ids, maxBytes: 2 ** 30 }, limits);
      one.read(concatBytes(Uint8Array.of(3), ids[0]!, hexToBytes(`${HINT}80808040aabb`)));
      one.read(Uint8Array.of(4, 1));
      return one;
    });
    const grown = held() - before;
    assert.ok(grown < 1 << 20, `${grown} bytes for ${readers.length} items of which 3 bytes came`);
  });
});
