import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Meter } from '../../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type { NativeRecord } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { RecordOutbox } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';

/** A record of so many bytes, 35 to 130 or more by 32: a head of 3 and a count byte less than 128 ids. */
const record = (ids: number): NativeRecord => ({
  tag: 'piece',
  upper: null,
  ids: new Uint8Array(32 * ids),
});
const HEAD = 3;

describe('the outbox of a native session', () => {
  it('fills a frame to its last byte, and begins the next with the record that does not fit', () => {
    const outbox = new RecordOutbox(2 * (HEAD + 320));
    outbox.push(record(10));
    assert.equal(outbox.room, HEAD + 320);
    outbox.push(record(10));
    assert.equal(outbox.room, 0);
    assert.equal(outbox.full, false, 'nothing more has come, so nothing is cut');
    outbox.push({ tag: 'all' });
    assert.equal(outbox.full, true);
    assert.equal(outbox.room, outbox.maxFrameBytes - 1);
    assert.equal(outbox.take(false)?.length, outbox.maxFrameBytes);
    assert.equal(outbox.full, false);
    assert.equal(outbox.empty, false);
    assert.deepEqual(outbox.take(true), Uint8Array.of(0x14));
    assert.equal(outbox.empty, true);
    assert.equal(outbox.take(true), undefined, 'an empty frame is none');
  });

  it('takes no record that is longer than a frame, and one that is as long', () => {
    const outbox = new RecordOutbox(HEAD + 64);
    assert.throws(() => outbox.push(record(3)), {
      name: 'RangeError',
      message: /longer than a frame/,
    });
    outbox.push(record(2));
    assert.equal(outbox.take(true)?.length, HEAD + 64);
  });

  it('holds a frame back until 4,096 bytes are in it, or it is the last', () => {
    const outbox = new RecordOutbox(65_536);
    outbox.push(record(127));
    assert.equal(outbox.take(false), undefined);
    for (let bytes = HEAD + 32 * 127; bytes < 4_095; bytes++) outbox.push({ tag: 'all' });
    assert.equal(outbox.take(false), undefined, 'one byte is missing');
    outbox.push({ tag: 'all' });
    assert.equal(outbox.take(false)?.length, 4_096);
    outbox.push({ tag: 'all' });
    assert.equal(outbox.take(false), undefined);
    assert.equal(outbox.take(true)?.length, 1);
  });

  it('hands frames out in the order they were filled', () => {
    const outbox = new RecordOutbox(HEAD + 64);
    for (const ids of [2, 1, 2]) outbox.push(record(ids));
    const lengths = [1, 2, 3].map(() => outbox.take(true)?.length);
    assert.deepEqual(lengths, [HEAD + 64, HEAD + 32, HEAD + 64]);
  });

  it('cuts frames to the smaller of what is sent and what the peer takes', () => {
    const outbox = new RecordOutbox(2_000);
    outbox.limit(3_000);
    assert.equal(outbox.maxFrameBytes, 2_000);
    outbox.limit(1_500);
    assert.equal(outbox.maxFrameBytes, 1_500);
  });
});

describe('the meter of a native session', () => {
  it('is over when its slice is spent, to the last item, and again after each turn', () => {
    const meter = new Meter(100);
    for (let turn = 1; turn <= 3; turn++) {
      assert.deepEqual([meter.over, meter.left], [false, 100]);
      meter.spend(99);
      assert.deepEqual([meter.over, meter.left], [false, 1]);
      meter.spend(1);
      assert.deepEqual([meter.over, meter.left], [true, 1]);
      meter.spend(50);
      assert.deepEqual([meter.over, meter.left], [true, 1]);
      assert.equal(meter.visited, 150 * turn, 'what was done before counts for the session');
      meter.refill();
    }
  });
});
