import assert from 'node:assert/strict';
import { encodeClaim, meet } from '../../../src/daemon/mesh/twins/testing.ts';
import { decodeFrame, encodeFrame, encodeRecord } from '../../../src/protocol/announce/testing.ts';
import { decodeAnswer, encodeAnswer } from '../../../src/protocol/clock/testing.ts';
import {
  decodeRangeRequest,
  encodeLong,
  encodeRangeRequest,
  PartReader,
  RANGE_FRAME_BYTES,
} from '../../../src/protocol/fetch/range/testing.ts';
import {
  encodeAbsent,
  encodeLarge,
  encodeRequest,
  decodeAnswer as readFetchAnswer,
  decodeRequest as readFetchRequest,
} from '../../../src/protocol/fetch/testing.ts';
import { ProtocolError } from '../../../src/protocol/index.ts';
import { encodeFrames, FrameBuffer } from '../../../src/protocol/network/index.ts';
import { at, itemsOf, partOf, QUERY } from '../../protocol/fetch/range/support.ts';
import { framesOf, itemOf } from '../../protocol/fetch/world.ts';
import type { FuzzTarget } from '../target.ts';

const refuses = (error: unknown): boolean => error instanceof ProtocolError;
const NUMBER = { epoch: new Uint8Array(8).fill(9), sequence: 3 };
const QUESTION = new Uint8Array(8).fill(5);
const item = itemOf(7, 40);
const key = { hint: item.hint, id: item.id, length: 90_000 };

const announce: FuzzTarget = {
  name: 'announce',
  seeds: [
    encodeFrame('items', NUMBER, [encodeRecord({ ...item, length: item.payload.length })]),
    encodeFrame('keys', NUMBER, [
      encodeRecord(key),
      encodeRecord({ hint: 8n, id: itemOf(8).id, length: 1 }),
    ]),
  ],
  refuses,
  read(input) {
    const limits = { maxFrameBytes: 2_048, maxRecords: 16 };
    const read = decodeFrame(input, limits);
    const records =
      read.kind === 'keys'
        ? read.keys.map(encodeRecord)
        : read.items.map((one) => encodeRecord({ ...one, length: one.payload.length }));
    assert.ok(Buffer.compare(encodeFrame(read.kind, read, records), input) === 0);
  },
};

const fetchRequest: FuzzTarget = {
  name: 'fetch-request',
  seeds: [1, 3].map((count) =>
    encodeRequest({ ids: itemsOf(count).map(({ id }) => id), maxBytes: 5_000 }),
  ),
  refuses,
  read(input) {
    assert.ok(Buffer.compare(encodeRequest(readFetchRequest(input, { maxIds: 64 })), input) === 0);
  },
};

const fetchAnswer: FuzzTarget = {
  name: 'fetch-answer',
  seeds: [encodeAbsent(item.id), encodeLarge(item.id, 70_000), ...framesOf(item)],
  refuses,
  read: (input) => void readFetchAnswer(input, { maxItemBytes: 1_000 }),
};

const rangeRequest: FuzzTarget = {
  name: 'range-request',
  seeds: [
    encodeRangeRequest(QUERY),
    encodeRangeRequest({ ...QUERY, lower: { hint: 3n, id: item.id }, upper: at(9) }),
  ],
  refuses,
  read(input) {
    assert.ok(Buffer.compare(encodeRangeRequest(decodeRangeRequest(input)), input) === 0);
  },
};

/** Whole answers, in their frames, through the buffer that finds frames. */
const rangeAnswer: FuzzTarget = {
  name: 'range-answer',
  seeds: [
    encodeFrames(partOf(itemsOf(2, 20))),
    encodeFrames([...partOf(itemsOf(2, 20), at(3)), ...partOf([itemOf(4, 10)])]),
    encodeFrames([encodeLong({ hint: 5n, id: item.id, length: 90_000 })]),
  ],
  refuses,
  read(input) {
    const [buffer, reader] = [new FrameBuffer(RANGE_FRAME_BYTES), new PartReader(QUERY)];
    buffer.push(input);
    for (let frame = buffer.take(); frame !== undefined; frame = buffer.take()) reader.read(frame);
  },
};

/** Frames come the same, at once or in pieces. */
const frames: FuzzTarget = {
  name: 'frames',
  seeds: [encodeFrames([item.id, new Uint8Array(0), new Uint8Array(200)])],
  refuses,
  read(input) {
    const whole = new FrameBuffer(4_096);
    whole.push(input);
    const ready = whole.takeReady(64 * 1024);
    const pieces = new FrameBuffer(4_096);
    const single: Uint8Array[] = [];
    for (let begin = 0; begin < input.length && single.length < ready.length; begin += 31) {
      pieces.push(input.subarray(begin, begin + 31));
      for (let one = next(); one !== undefined; one = next()) single.push(one);
    }
    function next(): Uint8Array | undefined {
      return single.length < ready.length ? pieces.take() : undefined;
    }
    assert.equal(single.length, ready.length);
    assert.ok(ready.every((one, at) => Buffer.compare(one, single[at]!) === 0));
    whole.take();
  },
};

const clock: FuzzTarget = {
  name: 'clock',
  seeds: [encodeAnswer(QUESTION, 1_700_000_000_000)],
  refuses,
  read(input) {
    assert.ok(!Number.isNaN(new Date(decodeAnswer(input, QUESTION)).getTime()));
  },
};

const OWN = encodeClaim({ ageMs: 5, run: new Uint8Array(8), nonce: new Uint8Array(32) });

const twin: FuzzTarget = {
  name: 'twin',
  seeds: [encodeClaim({ ageMs: 90, run: new Uint8Array(8).fill(1), nonce: new Uint8Array(32) })],
  refuses,
  read(input) {
    assert.notDeepEqual(...pairOf(meet('/rangemesh/fuzz/twin/1', OWN, input)));
  },
};

function pairOf({ statement, expected }: ReturnType<typeof meet>): [Uint8Array, Uint8Array] {
  return [statement, expected];
}

export const WIRE: readonly FuzzTarget[] = [
  ...[announce, fetchRequest, fetchAnswer, rangeRequest],
  ...[rangeAnswer, frames, clock, twin],
];
