import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NativeRecord } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import {
  decodeFrame,
  encodeRecord,
  RecordWriter,
} from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { FrameReader } from '../../../../../../src/protocol/reconcile/dialects/native/wire/testing.ts';
import { type Bound, INFINITE_BOUND, ZERO_BOUND } from '../../../../../../src/store/index.ts';
import { assertProperty } from '../../../../../support/property.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { ROOM } from '../items.ts';
import { frameOf, malformed } from '../puppet.ts';
import { openingOf } from '../support.ts';

const random = new SeededRandom('codec');
const MOST = Number.MAX_SAFE_INTEGER;
const NONE = new Uint8Array(0);
const at = (hint: bigint, id: number[] | null = null): Bound => ({
  hint,
  id: id === null ? null : Uint8Array.from(id),
});
const LAST = 2n ** 64n - 1n;

const decode = (frame: Uint8Array | number[]) => [...decodeFrame(Uint8Array.from(frame))];
const plain = (record: NativeRecord) =>
  record.tag === 'open' ? { ...record, bytes: NONE } : record;

const part = (upper: Bound | null, count = 9) => ({ upper, count, digest: random.bytes(5) });

const limits = { maxInboundBytes: 2_000, maxRanges: 300, maxGroups: 40, maxHeldItems: 5 };

/** The limits that an opening need not name. */
const unnamed = {
  ...{ maxInboundBytes: 65_536, maxRanges: 65_536 },
  ...{ maxGroups: 1_024, maxHeldItems: 2_097_152 },
};

const both = { gives: true, takes: true };

/** One of each record, and of each of its forms. */
const RECORDS: readonly NativeRecord[] = [
  openingOf(random, { limits, mode: 'reconcile', ...both }),
  openingOf(random, { limits: unnamed, mode: 'reconcile', ...both }),
  openingOf(random, {
    limits,
    items: { maxBytes: 512, totalBytes: MOST },
    mode: 'reconcile',
    ...both,
  }),
  openingOf(random, {
    limits: unnamed,
    items: { maxBytes: 0, totalBytes: 0 },
    mode: 'reconcile',
    ...both,
  }),
  openingOf(random, {
    limits,
    mode: 'survey',
    ...both,
    count: MOST,
    interval: { lower: at(1n), upper: INFINITE_BOUND },
  }),
  openingOf(random, {
    limits,
    mode: 'reconcile',
    gives: false,
    takes: true,
    interval: { lower: ZERO_BOUND, upper: at(LAST) },
  }),
  openingOf(random, {
    limits,
    mode: 'survey',
    gives: true,
    takes: false,
    interval: { lower: at(5n, [7]), upper: at(5n, [7, 0]) },
  }),
  { tag: 'proof', digest: random.bytes(16), refused: 0 },
  { tag: 'stop', code: 3, from: null, reason: 'it says why' },
  { tag: 'stop', code: 0, from: at(9n, [1, 2, 3]), reason: '' },
  ...(['same', 'later', 'want', 'take'] as const).map((tag) => ({ tag, ranges: 3 })),
  { tag: 'all' },
  { tag: 'split', parts: [part(at(4n)), part(at(4n, [1])), part(null, MOST)] },
  { tag: 'cut', count: 90, shift: 63, steps: [1n], digests: random.bytes(6) },
  {
    ...{ tag: 'cut', count: MOST, shift: 0 },
    ...{ steps: new Array(15).fill(LAST), digests: random.bytes(48) },
  },
  { tag: 'fail', group: 300, differences: 70_000 },
  { tag: 'sketch', count: 1_000, sums: random.bytes(32), symbols: random.bytes(24) },
  { tag: 'sketch', count: 1_000, sums: random.bytes(8), symbols: random.bytes(24) },
  {
    ...{ tag: 'sketch', count: 9, sums: random.bytes(8), narrow: true },
    symbols: random.bytes(18),
  },
  { tag: 'probe', count: 1_000, sums: random.bytes(128) },
  ...[4, 5, 8, 32].map(
    (width): NativeRecord => ({
      tag: 'list',
      last: width > 4,
      width,
      entries: random.bytes(3 * width),
    }),
  ),
  { tag: 'list', last: true, width: 8, entries: NONE },
  { tag: 'more', group: 1, symbols: 12 },
  { tag: 'symbols', group: 1, symbols: random.bytes(16) },
  { tag: 'symbols', group: 1, narrow: true, symbols: random.bytes(18) },
  { tag: 'rest', group: 6, last: false, rests: random.bytes(56) },
  { tag: 'rest', group: 6, last: true, rests: NONE },
  ...[2, 5, 8].map(
    (width): NativeRecord => ({
      ...{ tag: 'found', group: 2, last: width > 2, gives: width === 5, width },
      prefixes: random.bytes(2 * width),
    }),
  ),
  { tag: 'found', group: 2, last: false, gives: true, width: 3, prefixes: random.bytes(6) },
  { tag: 'match', group: 3, gives: true, bits: random.bytes(3) },
  { tag: 'match', group: 3, gives: false, bits: NONE },
  { tag: 'recent', last: false, ids: random.bytes(64) },
  { tag: 'recent', last: true, ids: NONE },
  ...(['give', 'grant', 'piece', 'recent'] as const).map(
    (of, i): NativeRecord => ({
      ...{ tag: 'items', of, group: i < 2 ? 300 : 0 },
      items: [
        { hint: 7n, payload: random.bytes(200) },
        { hint: 7n, payload: NONE },
        { hint: LAST - 1n, payload: random.bytes(1) },
      ],
    }),
  ),
  { tag: 'give', group: 4, last: false, ids: random.bytes(64) },
  { tag: 'grant', group: 5, last: true, ids: NONE },
  { tag: 'piece', upper: at(77n, [0]), ids: random.bytes(32) },
  { tag: 'piece', upper: null, ids: random.bytes(32 * 60) },
];

describe('records of the native dialect', () => {
  it('decode to the encoded records, one by one or all at once', () => {
    for (const record of RECORDS)
      assert.deepEqual(decode(encodeRecord(record)).map(plain), [record]);
    const all = decode(frameOf(...RECORDS));
    assert.deepEqual(all.map(plain), RECORDS);
    const [first] = all;
    assert.ok(first?.tag === 'open');
    assert.deepEqual(first.bytes, encodeRecord(RECORDS[0]!).slice(), 'openings keep their bytes');
  });

  it('are refused where they end early, whichever byte is the last', () => {
    for (const record of RECORDS) {
      const whole = encodeRecord(record).slice();
      for (let length = 1; length < whole.length; length++) {
        assert.throws(() => decode(whole.subarray(0, length)), { code: 'MALFORMED_FRAME' });
      }
    }
    assert.throws(() => decode([]), malformed(/it is empty/));
  });

  it('of items are no part of older versions, nor is the flag for them', () => {
    const items = {
      tag: 'items',
      of: 'recent',
      group: 0,
      items: [{ hint: 1n, payload: NONE }],
    } as const;
    for (const version of [1, 2, 3] as const) {
      const frame = encodeRecord(openingOf(random, { items: ROOM }), version);
      const [opened] = [...decodeFrame(frame, version)];
      assert.ok(opened?.tag === 'open' && opened.opening.items === undefined);
    }
    assert.throws(() => [...decodeFrame(encodeRecord(items), 3)], malformed(/no record 44/));
    const opening = encodeRecord(openingOf(random, { items: ROOM })).slice();
    assert.throws(() => [...decodeFrame(opening, 3)], malformed(/the opening has flags/));
  });

  it('are refused with an unknown tag, flag or width', () => {
    const digest = [1, 2, 3, 4, 5];
    for (const [message, frames] of [
      [/there is no record/, [[0], [0x04], [0x18], [0x2d], [0xff]]],
      [
        /neither yes nor no/,
        [
          [0x03, 1, 2],
          [0x21, 2, 4, 0],
          [0x26, 0, 2, 0],
          [0x28, 2, 0],
          [0x2b, 2, 0],
        ],
      ],
      [
        /there are no flags 4/,
        [
          [0x24, 0, 4, 2, 0],
          [0x25, 0, 4, 0],
        ],
      ],
      [/nothing here has 3 bytes/, [[0x21, 1, 3, 0]]],
      [/nothing here has 6 bytes/, [[0x21, 1, 6, 0]]],
      [/nothing here has 1 bytes/, [[0x24, 0, 1, 1, 0]]],
      [/nothing here has 9 bytes/, [[0x24, 0, 1, 9, 0]]],
      [/2 to 16 parts, not 1/, [[0x12, 1, 5, ...digest]]],
      [/2 to 16 parts, not 17/, [[0x12, 17]]],
      [/2 to 16 parts, not 1/, [[0x15, 1]]],
      [/2 to 16 parts, not 17/, [[0x15, 17]]],
      [/says something of nothing/, [[0x15, 2, 0]]],
      [/units of 2\^64/, [[0x15, 2, 9, 64]]],
      [/its bounds do not increase/, [[0x15, 2, 9, 0, 0]]],
      [/there are no flags 4/, [[0x20, 4]]],
      [/there are no flags 1/, [[0x23, 0, 1]]],
    ] as [RegExp, number[][]][]) {
      for (const frame of frames) assert.throws(() => decode(frame), malformed(message));
    }
    assert.equal(decode([0x24, 0, 3, 2, 0]).length, 1);
    assert.equal(decode([0x25, 0, 3, 0]).length, 1);
  });

  it('about zero ranges are refused', () => {
    for (const tag of [0x10, 0x11, 0x13, 0x16]) {
      assert.throws(() => decode([tag, 0]), malformed(/something of nothing/));
      assert.equal(decode([tag, 1]).length, 1);
    }
    assert.throws(() => decode([0x22, 0, 0]), malformed(/something of nothing/));
    for (const frame of [
      [0x21, 0, 4, 0],
      [0x24, 0, 0, 2, 0],
      [0x26, 0, 0, 0],
      [0x27, 0, 0, 0],
      [0x28, 0, 1, 0, 0],
    ]) {
      assert.throws(() => decode(frame), malformed(/says nothing and goes on/));
    }
  });

  it('accept a count up to the bytes that follow it', () => {
    for (const [head, size] of [
      [[0x20, 0, 1, ...new Array(32).fill(0)], 8],
      [[0x20, 1, 1, ...new Array(8).fill(0)], 8],
      [[0x21, 1, 5], 5],
      [[0x20, 3, 1, ...new Array(8).fill(0)], 6],
      [[0x23, 0, 0], 8],
      [[0x23, 0, 2], 6],
      [[0x24, 0, 1, 3], 3],
      [[0x25, 0, 0], 1],
      [[0x26, 0, 1], 32],
      [[0x28, 1], 32],
      [[0x2a, 0, 1], 28],
    ] as [number[], number][]) {
      const body = new Array(2 * size).fill(1);
      assert.equal(decode([...head, 2, ...body]).length, 1);
      assert.throws(
        () => decode([...head, 2, ...body.slice(1)]),
        malformed(/2 things are announced/),
      );
      assert.throws(() => decode([...head, 3, ...body]), malformed(/3 things are announced/));
    }
  });

  it('carry a reason of at most 200 bytes of ASCII', () => {
    const stop = (reason: string) => {
      const [record] = decode(encodeRecord({ tag: 'stop', code: 1, from: null, reason }));
      return record?.tag === 'stop' ? record.reason : null;
    };
    assert.equal(stop('a'.repeat(200)), 'a'.repeat(200));
    assert.equal(stop('a'.repeat(201)), 'a'.repeat(200));
    assert.equal(stop(' ~\u001f\u007f\nü'), ' ~????');
    const reason = (length: number) => [
      0x03,
      1,
      0,
      (length & 127) | 128,
      length >> 7,
      ...new Array(length).fill(65),
    ];
    assert.equal(decode(reason(200)).length, 1);
    assert.throws(() => decode(reason(201)), malformed(/a reason of 201 bytes/));
    const [record] = decode([0x03, 1, 0, 5, 31, 32, 126, 127, 255]);
    assert.equal(record?.tag === 'stop' && record.reason, '? ~??');
  });

  it('are refused if an opening accepts nothing, or frames below a kilobyte', () => {
    const reading = (change: object) => () => decode(encodeRecord(openingOf(random, change)));
    const taking = (maxInboundBytes: number) => ({ limits: { ...limits, maxInboundBytes } });
    assert.throws(reading(taking(1_023)), malformed(/frames of 1023 bytes are too short/));
    const [record] = reading(taking(1_024))();
    assert.deepEqual(record?.tag === 'open' && record.opening.limits, taking(1_024).limits);
    assert.throws(
      reading({ interval: { lower: at(5n), upper: at(5n) } }),
      malformed(/do not increase/),
    );
    // Flags that say infinity above a lower bound that is infinity.
    const infinite = [0x01, 2, ...new Array(16).fill(0), ...new Array(9).fill(255), 1, 0];
    assert.throws(() => decode(infinite), malformed(/accepts nothing/));
  });
});

describe('numbers and bounds of the native dialect', () => {
  const written = (write: (writer: RecordWriter) => void): FrameReader => {
    const writer = new RecordWriter(0);
    write(writer);
    const reader = new FrameReader(writer.finish().slice());
    reader.byte();
    return reader;
  };

  it('are counts up to 2^53-1', () => {
    for (const value of [0, 127, 128, 2 ** 49, MOST]) {
      const reader = written((writer) => writer.count(value));
      assert.equal(reader.count(), value);
      assert.equal(reader.remaining, 0);
    }
    assert.throws(
      () => written((writer) => writer.count(2 ** 53)).count(),
      malformed(/end at 2\^53-1/),
    );
  });

  it('are bounds above the one before them, up to infinity', () => {
    const readAfter = (previous: Bound, hint: bigint, id: number[]) => {
      const frame = written((writer) => {
        writer.boundAfter(ZERO_BOUND, at(hint, null));
      });
      const head = Uint8Array.from({ length: frame.remaining }, () => frame.byte()).slice(0, -1);
      return new FrameReader(Uint8Array.from([...head, id.length, ...id])).boundAfter(previous);
    };
    const id = (length: number) => new Array(length).fill(9);
    assert.deepEqual(readAfter(ZERO_BOUND, LAST, []), INFINITE_BOUND);
    assert.deepEqual(readAfter(ZERO_BOUND, LAST - 1n, id(32)), at(LAST - 1n, id(32)));
    assert.throws(() => readAfter(ZERO_BOUND, LAST, [0]), malformed(/past infinity/));
    assert.throws(() => readAfter(at(1n), LAST, []), malformed(/past infinity/));
    assert.throws(() => readAfter(ZERO_BOUND, 1n, id(33)), malformed(/has 33 bytes/));
    assert.throws(() => readAfter(ZERO_BOUND, 0n, []), malformed(/do not increase/));
    assert.throws(() => readAfter(at(4n, [9]), 0n, [9]), malformed(/do not increase/));
    assert.throws(() => readAfter(at(4n, [9]), 0n, [8]), malformed(/do not increase/));
    assert.deepEqual(readAfter(at(4n, [9]), 0n, [9, 0]), at(4n, [9, 0]));
    assert.deepEqual(readAfter(at(4n), 0n, [0]), at(4n, [0]));
  });

  it('fit into a record of any length', () => {
    const fill = fc.uint8Array({ maxLength: 300 });
    assertProperty(
      fc.property(
        fc.array(fill, { maxLength: 8 }),
        fc.bigInt({ min: 1n, max: LAST - 1n }),
        (some, hint) => {
          const bound = at(hint, id32);
          const reader = written((writer) => {
            for (const one of some)
              writer.bytes(one).count(MOST).boundAfter(ZERO_BOUND, bound).byte(7);
          });
          for (const one of some) {
            assert.deepEqual(reader.take(one.length), one);
            assert.equal(reader.count(), MOST);
            assert.deepEqual(reader.boundAfter(ZERO_BOUND), bound);
            assert.equal(reader.byte(), 7);
          }
          assert.equal(reader.remaining, 0);
        },
      ),
      { numRuns: 50 },
    );
  });

  const id32 = [...random.bytes(32)];
});
