import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  boundBytes,
  encodeMessage,
  rangeBytes,
  readMessage,
  writeBound,
} from '../../../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import { readVarint, varintBytes, writeVarint } from '../../../../../src/protocol/testing.ts';
import {
  bytesToHex,
  concatBytes,
  hexToBytes,
  INFINITE_BOUND,
} from '../../../../../src/store/index.ts';
import { assertProperty } from '../../../../support/property.ts';
import { boundOf, rangeOf, vectors } from './vectors.ts';

const limits = { maxBytes: 1 << 20 };
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const bounds = fc.record({ hint: u64, id: fc.option(bytes32) }, { noNullPrototype: true });
const ranges: fc.Arbitrary<MessageRange> = fc.oneof(
  bounds.map((upper) => ({ mode: 'skip' as const, upper })),
  fc.tuple(bounds, bytes32).map(([upper, fingerprint]) => ({
    mode: 'fingerprint' as const,
    upper,
    fingerprint,
  })),
  fc.tuple(bounds, fc.array(bytes32, { maxLength: 4 })).map(([upper, ids]) => ({
    mode: 'list' as const,
    upper,
    ids: concatBytes(...ids),
  })),
);

function varint(value: bigint): Uint8Array {
  const out = new Uint8Array(varintBytes(value));
  assert.equal(writeVarint(out, 0, value), out.length);
  return out;
}

function read(bytes: Uint8Array): bigint | string {
  let at = 0;
  const value = readVarint(() => bytes[at++] ?? assert.fail('read past the end'));
  if (typeof value === 'bigint') assert.equal(at, bytes.length);
  return value;
}

function decode(hex: string): MessageRange[] {
  return [...readMessage(hexToBytes(hex), limits)];
}

describe('commonware varints', () => {
  it('match the reference', () => {
    for (const { hex, value } of vectors.varint_u64) {
      assert.equal(bytesToHex(varint(BigInt(value))), hex);
      assert.equal(read(hexToBytes(hex)), BigInt(value));
    }
  });

  it('decode to the encoded number', () => {
    assertProperty(fc.property(u64, (value) => assert.equal(read(varint(value)), value)));
  });

  it('are refused where they are not canonical or too long', () => {
    const wrong = ['8000', 'ff00', '80808000', `${'80'.repeat(9)}00`, `${'ff'.repeat(9)}02`];
    for (const hex of [...wrong, `${'80'.repeat(9)}81`, `${'ff'.repeat(10)}01`]) {
      assert.equal(typeof read(hexToBytes(hex)), 'string', hex);
    }
  });
});

describe('commonware codec', () => {
  it('writes items, bounds and modes as the reference does', () => {
    for (const { hex, item } of vectors.items) {
      assert.equal(bytesToHex(varint(BigInt(item.hint))) + item.id, hex);
    }
    for (const { hex, bound } of vectors.bounds) {
      const out = new Uint8Array(boundBytes(boundOf(bound)));
      assert.equal(writeBound(out, 0, boundOf(bound)), out.length);
      assert.equal(bytesToHex(out), hex);
      assert.deepEqual(decode(`01${hex}00`), [{ mode: 'skip', upper: boundOf(bound) }]);
    }
    for (const { hex } of vectors.modes) {
      const [range] = decode(`01ffffffffffffffffff0100${hex}`);
      assert.deepEqual(range!.upper, INFINITE_BOUND);
      assert.ok(bytesToHex(encodeMessage([range!])).endsWith(`0100${hex}`));
    }
  });

  it('reads and writes the messages of the reference', () => {
    for (const { hex, name, ranges } of vectors.messages) {
      assert.deepEqual(decode(hex), ranges.map(rangeOf), name);
      assert.equal(bytesToHex(encodeMessage(ranges.map(rangeOf))), hex, name);
    }
  });

  it('decodes messages to what was encoded, in the predicted number of bytes', () => {
    assertProperty(
      fc.property(fc.array(ranges, { maxLength: 6 }), (message) => {
        const bytes = encodeMessage(message);
        assert.deepEqual(decode(bytesToHex(bytes)), message);
        const sum = message.reduce((total, range) => total + rangeBytes(range), 0);
        assert.equal(bytes.length, sum + varintBytes(BigInt(message.length)));
      }),
    );
  });

  it('refuses messages that the reference refuses or crashes on', () => {
    for (const { hex, name } of vectors.decode_errors) {
      assert.throws(() => decode(hex), { name: 'ProtocolError', code: 'MALFORMED_FRAME' }, name);
    }
  });

  it('refuses a message cut off at any byte', () => {
    const whole = vectors.messages.find(({ name }) => name.startsWith('fingerprint up to'))!.hex;
    for (let end = 0; end < whole.length; end += 2) {
      assert.throws(() => decode(whole.slice(0, end)), { code: 'MALFORMED_FRAME' }, `${end / 2}`);
    }
  });

  it('allocates for no count that exceeds the bytes present', () => {
    const huge = ['ffffffffffffffffff01', `${'ff'.repeat(9)}01${'00'.repeat(100)}`];
    for (const hex of [...huge, '01ffffffffffffffffff010002ffffffff', '020000000000000000']) {
      assert.throws(() => decode(hex), { code: 'MALFORMED_FRAME' }, hex);
    }
  });

  it('refuses messages above the limit before decoding them', () => {
    const message = encodeMessage([{ mode: 'skip', upper: INFINITE_BOUND }]);
    assert.throws(() => [...readMessage(message, { maxBytes: message.length - 1 })], {
      code: 'FRAME_TOO_LARGE',
    });
    assert.equal([...readMessage(message, { maxBytes: message.length })].length, 1);
  });
});
