import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeFrame, encodeFrame, encodeRecord } from '../../../src/protocol/announce/testing.ts';
import { ProtocolError } from '../../../src/protocol/index.ts';
import { bytesToHex, hexToBytes, INFINITE_HINT, itemId } from '../../../src/store/index.ts';
import { assertProperty } from '../../support/property.ts';

const LIMITS = { maxFrameBytes: 64 * 1024, maxRecords: 1_024 };
const EPOCH = hexToBytes('0102030405060708');

const hint = fc.bigInt({ min: 0n, max: INFINITE_HINT - 1n });
const sequence = fc.integer({ min: 0, max: 2 ** 35 - 1 });
const item = fc
  .tuple(hint, fc.uint8Array({ maxLength: 300 }))
  .map(([at, payload]) => ({ hint: at, payload, id: itemId(at, payload) }));
const items = fc.uniqueArray(item, {
  minLength: 1,
  maxLength: 50,
  selector: ({ id }) => bytesToHex(id),
});

function refused(hex: string, code: string, limits = LIMITS): void {
  assert.throws(() => decodeFrame(hexToBytes(hex), limits), { code }, hex);
}

describe('announcements', () => {
  it('are written as docs/protocol-announce.md shows', () => {
    const payload = new TextEncoder().encode('hello');
    const at = 1_700_000_000_000n;
    const id = itemId(at, payload);
    const shown = '0e8ace57705311b9b7b1da3459cae18ed4d2d97ea7afdb320a21cb085c926621';
    assert.equal(bytesToHex(id), shown);
    const number = { epoch: EPOCH, sequence: 300 };
    const whole = encodeRecord({ hint: at, id, length: 5, payload });
    const key = encodeRecord({ hint: at, id, length: 5 });
    assert.equal(
      bytesToHex(encodeFrame('items', number, [whole])),
      `010102030405060708ac020000018bcfe56800${shown}0568656c6c6f`,
    );
    assert.equal(
      bytesToHex(encodeFrame('keys', number, [key])),
      `020102030405060708ac020000018bcfe56800${shown}05`,
    );
  });

  it('decode to the items they were encoded from', () => {
    const property = fc.property(items, sequence, (sent, number) => {
      const records = sent.map((one) => encodeRecord({ ...one, length: one.payload.length }));
      const frame = encodeFrame('items', { epoch: EPOCH, sequence: number }, records);
      const expected = { kind: 'items', epoch: EPOCH, sequence: number, items: sent };
      assert.deepEqual(decodeFrame(frame, LIMITS), expected);
    });
    assertProperty(property, { numRuns: 50 });
  });

  it('decode to the keys they were encoded from', () => {
    const length = fc.integer({ min: 1, max: 2 ** 35 - 1 });
    const property = fc.property(items, length, sequence, (sent, bytes, number) => {
      const keys = sent.map(({ hint: at, id }) => ({ hint: at, id, length: bytes }));
      const frame = encodeFrame(
        'keys',
        { epoch: EPOCH, sequence: number },
        keys.map((key) => encodeRecord(key)),
      );
      const expected = { kind: 'keys', epoch: EPOCH, sequence: number, keys };
      assert.deepEqual(decodeFrame(frame, LIMITS), expected);
    });
    assertProperty(property, { numRuns: 50 });
  });

  it('are refused when cut, padded, empty, doubled or too large', () => {
    const id = '11'.repeat(32);
    const head = '010102030405060708';
    const record = `0000000000000001${id}0161`;
    refused('', 'MALFORMED_FRAME');
    refused(`03${head.slice(2)}00${record}`, 'MALFORMED_FRAME');
    refused(`${head}00`, 'MALFORMED_FRAME');
    refused(`${head}8000${record}`, 'MALFORMED_FRAME');
    refused(`${head}808080808001${record}`, 'MALFORMED_FRAME');
    refused(`${head}00${record}00`, 'MALFORMED_FRAME');
    refused(`${head}00${record}${record}`, 'MALFORMED_FRAME');
    refused(`${head}00ffffffffffffffff${id}0161`, 'MALFORMED_FRAME');
    refused(`${head}000000000000000001${id}ffffffff7f61`, 'MALFORMED_FRAME');
    refused(`02${head.slice(2)}000000000000000001${id}00`, 'MALFORMED_FRAME');
    const other = record.replace('1111', '2222');
    refused(`${head}00${record}${other}`, 'BUDGET_SPENT', { ...LIMITS, maxRecords: 1 });
    refused(`${head}00${record}`, 'FRAME_TOO_LARGE', { ...LIMITS, maxFrameBytes: 50 });
    const whole = hexToBytes(`${head}00${record}`);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => decodeFrame(whole.slice(0, length), LIMITS), ProtocolError);
    }
  });

  it('fail with a code or decode to a message when their bytes are random', () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    const property = fc.property(fc.constantFrom(1, 2), bytes, (kind, rest) => {
      try {
        decodeFrame(Uint8Array.of(kind, ...rest), LIMITS);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    });
    assertProperty(property, { numRuns: 2_000 });
  });
});
