import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Throughput } from '../../../../src/daemon/replicator/fetching/testing.ts';

const AIM = { ms: 500, bytes: 1_000_000 };

describe('Throughput', () => {
  it('begins low and grows to the rate of the peer', () => {
    const peer = new Throughput();
    const claims: number[] = [];
    for (let i = 0; i < 6; i++) {
      const ids = peer.ids(AIM);
      claims.push(ids);
      peer.note({
        kind: 'small',
        answered: ids,
        items: ids,
        bytes: ids * 100,
        streamedMs: ids / 4,
      });
    }
    assert.deepEqual(claims, [32, 128, 512, 2_000, 2_000, 2_000]);
    assert.equal(500 * peer.bytesPerMs, 200_000);
  });

  it('asks a slow peer for few ids, and a peer that brought nothing for a single id', () => {
    const peer = new Throughput();
    peer.note({ kind: 'small', answered: 4, items: 4, bytes: 400, streamedMs: 4_000 });
    assert.equal(peer.ids(AIM), 1);
    const silent = new Throughput();
    silent.note({ kind: 'small', answered: 0, items: 0, bytes: 0, streamedMs: 0 });
    assert.equal(silent.ids(AIM), 1);
  });

  it('does not mistake latency for a slow peer', () => {
    const peer = new Throughput();
    peer.note({ kind: 'small', answered: 0, items: 0, bytes: 0, streamedMs: 0 });
    for (const expected of [1, 4, 16]) {
      const ids = peer.ids(AIM);
      assert.equal(ids, expected);
      peer.note({ kind: 'small', answered: ids, items: ids, bytes: ids, streamedMs: 1 });
    }
  });

  it('learns from large items the rate of bytes alone', () => {
    const peer = new Throughput();
    peer.note({ kind: 'small', answered: 100, items: 100, bytes: 10_000, streamedMs: 10 });
    const ids = peer.ids(AIM);
    peer.note({ kind: 'large', answered: 4, items: 4, bytes: 4_194_304, streamedMs: 100 });
    assert.equal(peer.ids(AIM), ids);
    assert.ok(500 * peer.bytesPerMs > 5_000_000);
    peer.note({ kind: 'large', answered: 0, items: 0, bytes: 0, streamedMs: 0 });
    assert.equal(peer.ids(AIM), 1, 'it failed');
  });

  it('asks for bytes up to its limit', () => {
    const peer = new Throughput();
    peer.note({ kind: 'small', answered: 100, items: 100, bytes: 10_000_000, streamedMs: 10 });
    assert.equal(peer.ids(AIM), 10);
  });
});
