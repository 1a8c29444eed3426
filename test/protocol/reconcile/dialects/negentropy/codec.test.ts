import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  MessageReader,
  MessageWriter,
  readVarint,
  writeVarint,
} from '../../../../../src/protocol/reconcile/dialects/negentropy/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import { shortestBound } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import { varintBytes } from '../../../../../src/protocol/testing.ts';
import {
  type Bound,
  bytesToHex,
  compareBounds,
  concatBytes,
  hexToBytes,
  INFINITE_BOUND,
} from '../../../../../src/store/index.ts';
import { assertProperty } from '../../../../support/property.ts';
import { scenarios } from './vectors.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const spread = fc.oneof(
  u64,
  fc.nat().map(BigInt),
  fc.nat({ max: 63 }).map((bit) => 1n << BigInt(bit)),
);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function varint(value: bigint): Uint8Array {
  const out = new Uint8Array(varintBytes(value));
  assert.equal(writeVarint(out, 0, value), out.length);
  return out;
}

function read(hex: string): bigint | string {
  const input = hexToBytes(hex);
  let at = 0;
  const value = readVarint(() => input[at++] ?? assert.fail('read past the end'));
  if (typeof value === 'bigint') assert.equal(at, input.length);
  return value;
}

function decode(message: Uint8Array): MessageRange[] {
  const reader = new MessageReader(message, { maxBytes: 1 << 20 });
  const ranges: MessageRange[] = [];
  while (!reader.done) ranges.push(reader.range());
  return ranges;
}

function encode(ranges: readonly MessageRange[]): Uint8Array {
  const writer = new MessageWriter(Number.POSITIVE_INFINITY);
  for (const range of ranges) {
    if (range.mode === 'skip') writer.skip(range.upper);
    else if (range.mode === 'fingerprint') writer.fingerprint(range.upper, range.fingerprint);
    else writer.list(range.upper, range.ids.length / 32, [range.ids]);
  }
  return writer.encode();
}

describe('negentropy varints', () => {
  it('have their most significant digit first', () => {
    const known = {
      '00': 0n,
      '7f': 127n,
      '8100': 128n,
      '8769': 1001n,
      ffffffffffffff7f: 2n ** 56n - 1n,
    };
    const edges = { '81ffffffffffffffff7f': 2n ** 64n - 1n, '81808080808080808000': 2n ** 63n };
    for (const [hex, value] of Object.entries({ ...known, ...edges })) {
      assert.equal(bytesToHex(varint(value)), hex);
      assert.equal(read(hex), value);
    }
  });

  it('decode to the encoded number, over all of u64', () => {
    assertProperty(
      fc.property(spread, (value) => assert.equal(read(bytesToHex(varint(value))), value)),
    );
  });

  it('are refused when they are longer than need be, or than 64 bits', () => {
    const long = ['8000', `${'80'.repeat(9)}01`, '82808080808080808000', `${'ff'.repeat(9)}7f`];
    for (const hex of [...long, 'ff'.repeat(10), 'ff'.repeat(100)]) {
      assert.equal(typeof read(hex), 'string', hex);
    }
  });
});

describe('negentropy messages', () => {
  const bound = fc
    .tuple(spread, fc.option(fc.uint8Array({ minLength: 1, maxLength: 32 })))
    .map(([hint, id]): Bound => (hint === INFINITE_BOUND.hint ? INFINITE_BOUND : { hint, id }));
  const content = fc.oneof(
    fc.constant({ mode: 'skip' as const }),
    bytes(16).map((fingerprint) => ({ mode: 'fingerprint' as const, fingerprint })),
    fc
      .array(bytes(32), { maxLength: 3 })
      .map((ids) => ({ mode: 'list' as const, ids: concatBytes(...ids) })),
  );
  const message = fc
    .array(fc.tuple(bound, content), { maxLength: 6 })
    .map((parts): MessageRange[] => {
      const uppers = parts.map(([upper]) => upper).sort(compareBounds);
      return parts.map(([, rest], i) => ({ ...rest, upper: uppers[i]! }));
    });

  it('decode to what was encoded', () => {
    assertProperty(
      fc.property(message, (ranges) => assert.deepEqual(decode(encode(ranges)), ranges)),
    );
  });

  it('are decoded as the reference wrote them, and encoded again byte by byte', () => {
    for (const { messages } of scenarios) {
      for (const { hex } of messages) {
        assert.equal(bytesToHex(encode(decode(hexToBytes(hex)))), hex);
      }
    }
  });

  it('are refused when they are cut off', () => {
    const whole = hexToBytes(
      scenarios.find(({ name }) => name === 'milliseconds')!.messages[1]!.hex,
    );
    const starts = new Set<number>();
    for (let end = 0; end < whole.length; end++) {
      try {
        decode(whole.subarray(0, end));
        starts.add(end);
      } catch (error) {
        assert.equal((error as { code: string }).code, 'MALFORMED_FRAME');
      }
    }
    assert.equal(starts.size, decode(whole).length, 'only where a range ends');
  });

  it('encode bounds in as few bytes as possible', () => {
    const id = (hex: string) => hexToBytes(hex.padEnd(64, '0'));
    const key = (hint: bigint, hex: string) => ({ hint, id: id(hex) });
    assert.deepEqual(shortestBound(key(1n, 'ff'), key(3n, '00')), { hint: 3n, id: null });
    assert.deepEqual(shortestBound(key(3n, 'aabb01'), key(3n, 'aabb02')), {
      hint: 3n,
      id: hexToBytes('aabb02'),
    });
    assert.deepEqual(shortestBound(key(3n, ''), key(3n, `${'00'.repeat(31)}01`)), {
      hint: 3n,
      id: id(`${'00'.repeat(31)}01`),
    });
  });
});
