import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError, protocolId, SessionStop } from '../../src/protocol/index.ts';
import { ByteReader, encodeCount, MAX_COUNT_BYTES, within } from '../../src/protocol/testing.ts';
import { bytesToHex, hexToBytes } from '../../src/store/index.ts';
import { byNow } from '../support/by-now.ts';
import { VirtualClock } from '../support/clock.ts';

describe('within', () => {
  it('expires at its time and not earlier, and passes on the outcome', async () => {
    const clock = new VirtualClock();
    const operation = Promise.withResolvers<string>();
    const expire = () => operation.reject(new Error('expired'));
    const running = within({ clock, ms: 100, expire }, () => operation.promise);
    const refused = assert.rejects(running, { message: 'expired' });
    await clock.advance(99);
    assert.equal(clock.pending, 1);
    await clock.advance(1);
    await byNow(refused, 'it has not expired');
    assert.equal(clock.pending, 0);
  });

  it('leaves no timer behind, after success and failure', async () => {
    const clock = new VirtualClock();
    const expire = () => assert.fail('expired');
    assert.equal(await within({ clock, ms: 100, expire }, async () => 7), 7);
    assert.equal(clock.pending, 0, 'after it went well');
    const failing = within({ clock, ms: 100, expire }, () => Promise.reject(new Error('no')));
    await assert.rejects(failing, { message: 'no' });
    assert.equal(clock.pending, 0, 'after it failed');
    await clock.advance(1_000);
  });
});

describe('protocolId', () => {
  it('accepts names of 1 to 64 characters, and keeps different ones apart', () => {
    assert.equal(protocolId('net', 'fetch', 2), '/rangemesh/net/fetch/2');
    assert.equal(protocolId('a/b', 'x'), '/rangemesh/a%2Fb/x');
    const longest = 'n'.repeat(64);
    assert.equal(protocolId(longest), `/rangemesh/${longest}`);
    for (const name of ['', `${longest}n`, '\ud800']) {
      assert.throws(() => protocolId(name, 'x'), { code: 'INVALID_NETWORK_NAME' }, name);
    }
  });
});

function readerOf(hex: string): ByteReader {
  const malformed = (problem: string) => new ProtocolError('MALFORMED_FRAME', problem);
  return new ByteReader({ bytes: hexToBytes(hex), malformed, truncated: 'it is cut off' });
}

describe('varint', () => {
  const cases: [number, string][] = [
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2 ** 32, '8080808010'],
    [2 ** 35 - 1, 'ffffffff7f'],
  ];

  it('writes the shortest form, and reads it wherever it lies', () => {
    for (const [value, hex] of cases) {
      assert.equal(bytesToHex(encodeCount(value)), hex);
      const reader = readerOf(`aabb${hex}80`);
      reader.take(2);
      assert.deepEqual([reader.number(), reader.remaining], [value, 1]);
    }
    assert.equal(MAX_COUNT_BYTES, 5);
  });

  it('refuses numbers that are cut, overlong, or too large', () => {
    for (const hex of ['', '80', 'ffffffff', '8000', '818000', '8080808000', 'ffffffffff00']) {
      assert.throws(() => readerOf(hex).number(), { code: 'MALFORMED_FRAME' }, hex);
    }
  });
});

describe('errors of the protocol', () => {
  it('have a code and a cause, and a stop says from where it is open', () => {
    const cause = new Error('disk');
    const error = new ProtocolError('ABORTED', 'no', { cause });
    assert.deepEqual(
      [error.name, error.code, error.message, error.cause],
      ['ProtocolError', 'ABORTED', 'no', cause],
    );
    const parting = Uint8Array.of(1);
    const stop = new SessionStop(error, { parting, from: null });
    assert.deepEqual(
      [stop.code, stop.message, stop.cause, stop.parting, stop.from],
      ['ABORTED', 'no', error, parting, null],
    );
  });
});
