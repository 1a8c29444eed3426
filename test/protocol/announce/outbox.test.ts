import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnnounceOutbox, decodeFrame } from '../../../src/protocol/announce/testing.ts';
import type { Item } from '../../../src/store/index.ts';

const EPOCH = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const LIMITS = { maxFrameBytes: 64 * 1024, maxRecords: 1_024 };
/** Bytes of a record beside its payload, whose length takes one byte. */
const RECORD = 8 + 32 + 1;

let number = 0;

/** An item with an id of its own; that it is right is not looked at here. */
function item(size: number): Item {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, ++number);
  return { hint: BigInt(number), id, payload: new Uint8Array(size).fill(number) };
}

const items = (count: number, size: number): Item[] =>
  Array.from({ length: count }, () => item(size));

function outbox(init: { inlineBytes?: number; maxQueuedBytes?: number } = {}): AnnounceOutbox {
  return new AnnounceOutbox({ epoch: EPOCH, inlineBytes: 100, maxQueuedBytes: 1 << 20, ...init });
}

function next(box: AnnounceOutbox) {
  const frame = box.next();
  if (frame === null) return null;
  const read = decodeFrame(frame.bytes, LIMITS);
  assert.deepEqual(read.epoch, EPOCH);
  const { length } = read.kind === 'items' ? read.items : read.keys;
  assert.equal(frame.records, length);
  return read;
}

/** How many records the frames have that wait. */
function frames(box: AnnounceOutbox): number[] {
  const records: number[] = [];
  for (let frame = box.next(); frame !== null; frame = box.next()) {
    records.push(frame.records);
    assert.ok(records.length < 20, 'there are frames without end');
  }
  return records;
}

describe('Outbox', () => {
  it('sends short items whole and long ones by key, each kind with its own sequence numbers', () => {
    const box = outbox();
    const [long, short, longer] = [item(101), item(100), item(5_000)];
    for (const round of [0, 1, 2]) {
      for (const one of [long, short, longer]) assert.equal(box.add(one), true);
      assert.deepEqual(next(box), {
        kind: 'items',
        epoch: EPOCH,
        sequence: round,
        items: [short],
      });
      const keys = [long, longer].map(({ hint, id, payload }) => ({
        hint,
        id,
        length: payload.length,
      }));
      assert.deepEqual(next(box), { kind: 'keys', epoch: EPOCH, sequence: round, keys });
      assert.equal(next(box), null);
    }
  });

  it('sends no item above `inlineBytes` whole', () => {
    const box = outbox({ inlineBytes: 32 * 1024 });
    box.add(item(32 * 1024 + 1));
    assert.equal(next(box)?.kind, 'keys');
    box.add(item(32 * 1024));
    assert.equal(next(box)?.kind, 'items');
  });

  it('accepts bytes up to its bound, and again once they are sent', () => {
    const box = outbox({ maxQueuedBytes: 300 });
    for (const round of [1, 2, 3]) {
      assert.equal(box.empty, true, `round ${round}`);
      for (const one of items(3, 100 - RECORD)) assert.equal(box.add(one), true, `round ${round}`);
      assert.equal(box.empty, false);
      assert.equal(box.add(item(0)), false, 'a record more than may wait');
      assert.equal(next(box)?.sequence, round - 1);
    }
    for (const one of items(3, 100 - RECORD)) box.add(one);
    assert.equal(box.clear(), 3);
    assert.equal(box.empty, true);
    assert.equal(box.add(item(100)), true, 'dropped records still count');
    assert.equal(outbox({ maxQueuedBytes: 299 }).add(item(100)), true);
    assert.equal(outbox({ maxQueuedBytes: RECORD + 100 }).add(item(100)), true);
    assert.equal(outbox({ maxQueuedBytes: RECORD + 99 }).add(item(100)), false);
  });

  it('frees the bytes of each sent frame while others wait', () => {
    const box = outbox({ maxQueuedBytes: 1_000 });
    for (const one of [...items(5, 100 - RECORD), ...items(5, 200)]) box.add(one);
    const keyBytes = 5 * (RECORD + 1);
    box.next();
    // Keys are left: there is room for all that they do not take.
    const room = 1_000 - keyBytes - RECORD;
    assert.equal(box.add(item(Math.min(100, room))), true);
    assert.deepEqual(frames(box), [1, 5]);
    assert.equal(box.empty, true);
  });

  it('drops both kinds, and counts them', () => {
    const box = outbox();
    for (const one of [...items(2, 10), ...items(3, 200)]) box.add(one);
    assert.equal(box.clear(), 5);
    assert.equal(box.next(), null);
    assert.equal(box.clear(), 0);
    box.add(item(1));
    assert.equal(next(box)?.sequence, 0, 'dropped records had no number');
  });

  it('fills a frame with up to 1,024 records', () => {
    const box = outbox();
    for (const one of items(1_025, 0)) box.add(one);
    assert.deepEqual(frames(box), [1_024, 1]);
  });

  it('fills a frame to its last byte, and not beyond it', () => {
    const room = 64 * 1024 - (1 + 8 + 5);
    // Lengths of three bytes each.
    const record = RECORD + 2;
    const first = 32 * 1024;
    const fits = room - (record + first) - record;
    for (const [size, records] of [
      [fits, [2]],
      [fits + 1, [1, 1]],
    ] as const) {
      const box = outbox({ inlineBytes: 1 << 20 });
      box.add(item(first));
      box.add(item(size));
      assert.deepEqual(frames(box), records);
    }
  });
});
