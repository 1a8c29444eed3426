import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Delivery, Throughput } from '../../../../src/daemon/replicator/fetching/testing.ts';

const AIM = { ms: 100, bytes: 1_000_000 };

function after(...deliveries: readonly Partial<Delivery>[]): Throughput {
  const throughput = new Throughput();
  for (const delivery of deliveries) {
    const { answered = 100, items = answered } = delivery;
    const usual = { kind: 'small', answered, items, bytes: 1_000, streamedMs: 10 } as const;
    throughput.note({ ...usual, ...delivery });
  }
  return throughput;
}

describe('the throughput of a peer', () => {
  it('is unknown at first: 32 ids, and no bytes', () => {
    const { bytesPerMs } = new Throughput();
    assert.equal(bytesPerMs, 0);
    assert.equal(new Throughput().ids(AIM), 32);
    assert.equal(new Throughput().ids({ ms: 1, bytes: 1 }), 32);
  });

  it('is the mean of the last request and those before', () => {
    const throughput = after({ bytes: 1_000 }, { bytes: 3_000 });
    assert.equal(throughput.bytesPerMs, 200);
    assert.equal(after({ answered: 100 }, { answered: 200 }).ids({ ...AIM, ms: 20 }), 300);
    const sizes = after({ bytes: 1_000 }, { bytes: 3_000 });
    assert.equal(sizes.ids({ ms: 1_000, bytes: 4_000 }), 200, '20 bytes an item');
  });

  it('counts each request as a millisecond at least', () => {
    assert.equal(after({ bytes: 500, streamedMs: 0 }).bytesPerMs, 500);
    assert.equal(after({ bytes: 500, streamedMs: 0.5 }).bytesPerMs, 500);
    assert.equal(after({ bytes: 500, streamedMs: 2 }).bytesPerMs, 250);
  });

  it('has no rate of ids by a single answer, but by none and by two', () => {
    assert.equal(after({ answered: 1, items: 1 }).ids(AIM), 32);
    assert.equal(after({ answered: 2, items: 2, streamedMs: 100 }).ids(AIM), 2);
    assert.equal(after({ answered: 40 }, { answered: 1, streamedMs: 1_000 }).ids(AIM), 160);
  });

  it('has no item size where no item arrived', () => {
    const throughput = after({ answered: 50, items: 0, bytes: 9_000_000 });
    assert.equal(throughput.ids({ ms: 10, bytes: 1 }), 50);
  });

  it('grows to four times the largest answer, and falls to one id after none', () => {
    assert.equal(after({ answered: 30, streamedMs: 1 }).ids(AIM), 120);
    assert.equal(after({ answered: 30, streamedMs: 1 }, { answered: 20 }).ids(AIM), 120);
    const failed = after({ answered: 30, streamedMs: 1 }, { answered: 0, items: 0, bytes: 0 });
    assert.equal(failed.ids(AIM), 1);
    failed.note({ kind: 'small', answered: 1, items: 1, bytes: 1, streamedMs: 1 });
    assert.equal(failed.ids(AIM), 4);
  });

  it('is at least one id, whole', () => {
    const throughput = after({ answered: 10, bytes: 100_000, streamedMs: 30 });
    assert.equal(throughput.ids({ ms: 5, bytes: 1e9 }), 1);
    assert.equal(throughput.ids({ ms: 8, bytes: 1e9 }), 2);
    assert.equal(throughput.ids({ ms: 1_000, bytes: 1 }), 1);
    assert.equal(throughput.ids({ ms: 0, bytes: 0 }), 1);
  });

  it('is updated in bytes alone by large items', () => {
    const small = after({ answered: 100 });
    const large = after({ answered: 100 }, { kind: 'large', answered: 1, items: 1, bytes: 9_900 });
    assert.equal(large.ids(AIM), small.ids(AIM));
    assert.equal(large.bytesPerMs, 545);
    assert.equal(after({ kind: 'large', answered: 0, items: 0, bytes: 0 }).ids(AIM), 1);
  });
});
