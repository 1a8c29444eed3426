import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  encodeEnd,
  encodeLong,
  PART_BYTES,
  PART_ITEMS,
  PartReader,
  packItems,
  partDigest,
  RANGE_FRAME_BYTES,
  type RangePart,
  type RangeQuery,
} from '../../../../src/protocol/fetch/range/testing.ts';
import { ProtocolError } from '../../../../src/protocol/index.ts';
import {
  bytesToHex,
  compareKeys,
  concatBytes,
  INFINITE_HINT,
  type Item,
  itemId,
} from '../../../../src/store/index.ts';
import { assertProperty } from '../../../support/property.ts';
import { itemOf } from '../world.ts';
import { at, itemsOf, NONCE, partOf, QUERY } from './support.ts';

function read(frames: readonly Uint8Array[], query: RangeQuery = QUERY): RangePart[] {
  const reader = new PartReader(query);
  return frames.flatMap((frame) => reader.read(frame) ?? []);
}

function keysOf(parts: readonly RangePart[]): string {
  return parts
    .flatMap(({ items }) => items.map(({ hint, id }) => `${hint}-${bytesToHex(id)}`))
    .join();
}

function refuses(code: string, frames: readonly Uint8Array[], query: RangeQuery = QUERY): void {
  const coded = (error: unknown): boolean => error instanceof ProtocolError && error.code === code;
  assert.throws(() => read(frames, query), coded);
}

describe('the reader of a range', () => {
  it('computes the ids of items, and gives a part once its digest is right', () => {
    const items = itemsOf(5);
    const parts = read([...partOf(items.slice(0, 2), at(3)), ...partOf(items.slice(2))]);
    assert.deepEqual(
      parts.map(({ begin, end, items }) => [begin.hint, end.hint, items.length]),
      [
        [0n, 3n, 2],
        [3n, QUERY.upper.hint, 3],
      ],
    );
    assert.equal(keysOf(parts), items.map(({ hint, id }) => `${hint}-${bytesToHex(id)}`).join());
    assert.deepEqual(parts[0]!.items[0]!.payload, items[0]!.payload);
  });

  it('reads what the packer wrote, whatever hints and lengths there are', () => {
    const hint = fc.oneof(
      fc.bigInt({ min: 0n, max: 50n }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }),
    );
    const given = fc.array(fc.tuple(hint, fc.uint8Array({ maxLength: 300 })), { maxLength: 60 });
    assertProperty(
      fc.property(given, (pairs) => {
        const items = sorted(pairs);
        const reader = new PartReader(QUERY);
        const parts = partOf(items).flatMap((frame) => reader.read(frame) ?? []);
        assert.equal(
          keysOf(parts),
          items.map(({ hint, id }) => `${hint}-${bytesToHex(id)}`).join(),
        );
        assert.ok(reader.done && reader.atPartEnd);
        assert.equal(
          reader.payloadBytes,
          items.reduce((sum, { payload }) => sum + payload.length, 0),
        );
      }),
    );
  });

  it('takes frames of 64 KiB at most, and as many items as fit', () => {
    const items = itemsOf(1_000, 200);
    const frames = [...packItems({ records: items })];
    assert.equal(frames.length, 4);
    assert.ok(frames.every(({ length }) => length <= RANGE_FRAME_BYTES));
    assert.ok(frames.slice(0, -1).every(({ length }) => length > RANGE_FRAME_BYTES - 210));
    assert.equal(read(partOf(items))[0]!.items.length, 1_000, 'hints begin anew in each frame');
  });

  it('names items that are too long, in their place in the order', () => {
    const [one, two, three] = itemsOf(3);
    const long = { hint: two!.hint, id: two!.id, length: 70_000 };
    const digest = partDigest(NONCE, concatBytes(one!.id, two!.id, three!.id));
    const frames = [
      ...packItems({ records: [one!, long, three!] }),
      encodeEnd({ count: 3, digest, end: QUERY.upper }),
    ];
    const [part] = read(frames);
    assert.deepEqual(part!.long, [long]);
    assert.equal(part!.items.length, 2);
    refuses('UNEXPECTED_FRAME', [encodeLong({ ...long, length: QUERY.maxBytes })]);
  });

  it('gives no part whose items are not those of the index', () => {
    const [one, two] = itemsOf(2);
    const changed = {
      ...one!,
      payload: Uint8Array.from(one!.payload, (byte, i) => byte ^ +(i === 9)),
    };
    const right = partOf([one!, two!]);
    refuses('RANGE_MISMATCH', [...packItems({ records: [changed, two!] }), right.at(-1)!]);
    refuses('RANGE_MISMATCH', partOf([one!, two!], QUERY.upper, new Uint8Array(16)));
    const omitted = partDigest(NONCE, concatBytes(one!.id, two!.id));
    const end = encodeEnd({ count: 1, digest: omitted, end: QUERY.upper });
    refuses('RANGE_MISMATCH', [...packItems({ records: [one!] }), end]);
  });

  it('calls damage what moves an id among items of one hint, for an honest peer may have it', () => {
    const [low, mid, high] = sorted([1, 2, 3].map((byte) => [5n, new Uint8Array([byte])]));
    const packed = (...items: Item[]) => [...packItems({ records: items })];
    refuses('RANGE_MISMATCH', packed(mid!, low!));
    refuses('RANGE_MISMATCH', packed(low!), { ...QUERY, lower: mid! });
    refuses('RANGE_MISMATCH', packed(high!), { ...QUERY, upper: mid! });
    const right = partDigest(NONCE, low!.id);
    const end = encodeEnd({ count: 1, digest: right, end: mid! });
    refuses('RANGE_MISMATCH', [...packed(high!), end]);
  });

  it('refuses items that repeat, go back, or lie outside of the range', () => {
    const [one, two, three] = itemsOf(3);
    refuses('UNEXPECTED_FRAME', [
      ...packItems({ records: [one!] }),
      ...packItems({ records: [one!] }),
    ]);
    refuses('UNEXPECTED_FRAME', [
      ...packItems({ records: [two!] }),
      ...packItems({ records: [one!] }),
    ]);
    const inside = { ...QUERY, lower: at(2), upper: at(3) };
    assert.equal(read(partOf([two!], at(3)), inside).length, 1);
    refuses('UNEXPECTED_FRAME', partOf([one!], at(3)), inside);
    refuses('UNEXPECTED_FRAME', partOf([three!], at(3)), inside);
    refuses('UNEXPECTED_FRAME', partOf([two!], two), { ...QUERY, upper: two! });
    const again = [...partOf([one!, two!], at(3)), ...packItems({ records: [two!] })];
    refuses('UNEXPECTED_FRAME', again);
    const [first, second] = [one!, two!].map((item) => encodeLong({ ...item, length: 70_000 }));
    refuses('UNEXPECTED_FRAME', [second!, first!]);
    refuses('UNEXPECTED_FRAME', [first!, first!]);
  });

  it('refuses parts that end at a wrong bound or with a wrong count', () => {
    const [one, two] = itemsOf(2);
    refuses('MALFORMED_FRAME', partOf([one!, two!], at(2)));
    refuses('MALFORMED_FRAME', partOf([one!, two!], two));
    refuses('MALFORMED_FRAME', partOf([], at(0)));
    refuses('MALFORMED_FRAME', [...partOf([one!], at(5)), ...partOf([], at(5))]);
    refuses('MALFORMED_FRAME', partOf([one!], at(6)), { ...QUERY, upper: at(5) });
    const digest = partDigest(NONCE, one!.id);
    const miscounted = encodeEnd({ count: 2, digest, end: QUERY.upper });
    refuses('MALFORMED_FRAME', [...packItems({ records: [one!] }), miscounted]);
    refuses('UNEXPECTED_FRAME', [...partOf([one!]), ...partOf([two!])]);
  });

  it('refuses frames and parts without items, but for the end of the range', () => {
    assert.deepEqual(read(partOf([]))[0]!.items, []);
    refuses('MALFORMED_FRAME', partOf([], at(5)));
    refuses('MALFORMED_FRAME', [Uint8Array.of(2)]);
    const first = partOf(itemsOf(1), at(2));
    assert.equal(read([...first, ...partOf([])]).length, 2);
    refuses('MALFORMED_FRAME', [...first, ...partOf([], at(3))]);
  });

  it('takes parts of so many items and bytes, and no larger ones', () => {
    const short = itemsOf(PART_ITEMS + 1, 4);
    assert.equal(read(partOf(short.slice(0, PART_ITEMS)))[0]!.items.length, PART_ITEMS);
    refuses('UNEXPECTED_FRAME', partOf(short));
    const query = { ...QUERY, maxBytes: 30_000 };
    // Before its last item a part is below `PART_BYTES`.
    const rest = PART_BYTES + query.maxBytes - 18 * 30_000;
    const long = [...itemsOf(18, 30_000), itemOf(19, rest - 1)];
    const [first, second] = read([...partOf(long, at(20)), ...partOf([itemOf(20, 30_000)])], query);
    assert.deepEqual([first!.items.length, second!.items.length], [19, 1]);
    refuses('UNEXPECTED_FRAME', partOf([...long.slice(0, -1), itemOf(19, rest)]), query);
  });

  it('refuses frames that are cut, that go on, or that carry an impossible hint or length', () => {
    const whole = partOf([itemOf(1)]);
    for (const frame of whole) {
      refuses('MALFORMED_FRAME', [...whole.slice(0, whole.indexOf(frame)), frame.subarray(0, -1)]);
    }
    const end = whole.at(-1)!;
    refuses('MALFORMED_FRAME', [whole[0]!, concatBytes(end, Uint8Array.of(0))]);
    refuses('MALFORMED_FRAME', [Uint8Array.of(9)]);
    refuses('MALFORMED_FRAME', [new Uint8Array(0)]);
    const infinite = Uint8Array.from([2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0]);
    refuses('MALFORMED_FRAME', [infinite]);
    const { id } = itemOf(1);
    const unending = encodeLong({ hint: INFINITE_HINT, id, length: QUERY.maxBytes + 1 });
    refuses('MALFORMED_FRAME', [unending]);
    assert.equal(read(partOf([itemOf(1, QUERY.maxBytes)])).length, 1);
    refuses('UNEXPECTED_FRAME', partOf([itemOf(1, QUERY.maxBytes + 1)]));
  });
});

function sorted(pairs: readonly [bigint, Uint8Array][]): Item[] {
  const named = pairs.map(([hint, payload]) => ({ hint, payload, id: itemId(hint, payload) }));
  const unique = [...new Map(named.map((one) => [bytesToHex(one.id), one])).values()];
  return unique.sort(compareKeys);
}
