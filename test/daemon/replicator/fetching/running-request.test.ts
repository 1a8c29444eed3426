import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FetchSource, RunningRequest } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { BackOff } from '../../../../src/daemon/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { idOf } from '../support.ts';

async function setUp() {
  const clock = new VirtualClock();
  await clock.advance(100);
  const source = new FetchSource('p', new BackOff({ baseMs: 1, maxMs: 1 }));
  const request = new RunningRequest({ source, clock, kind: 'small', ids: [idOf(1)] });
  return { clock, request };
}

describe('a running request', () => {
  it('makes progress with each answer, and with each 16 KiB of a payload', async () => {
    const { clock, request } = await setUp();
    assert.equal(request.progressAt, 100);
    await clock.advance(10);
    request.came(0);
    assert.equal(request.progressAt, 110, 'an answer without a payload');
    for (const start of [110, 140]) {
      await clock.advance(10);
      request.came(16_000);
      assert.equal(request.progressAt, start, 'a little of a payload');
      await clock.advance(10);
      request.came(383);
      assert.equal(request.progressAt, start, 'one byte less');
      await clock.advance(10);
      request.came(1);
      assert.equal(request.progressAt, start + 30);
    }
    assert.equal(request.bytes, 2 * 16_384);
  });

  it('is no longer suspected once it makes progress', async () => {
    const { request } = await setUp();
    request.suspectedAt = 1;
    request.came(1);
    assert.equal(request.suspectedAt, 1);
    request.came(0);
    assert.equal(request.suspectedAt, undefined);
  });

  it('measures its stream from the first answer, and itself from its beginning', async () => {
    const { clock, request } = await setUp();
    await clock.advance(50);
    assert.deepEqual([request.durationMs, request.streamedMs], [50, 0]);
    request.came(10);
    await clock.advance(20);
    request.came(10);
    await clock.advance(5);
    assert.deepEqual([request.durationMs, request.streamedMs, request.startedAt], [75, 25, 100]);
  });

  it('waits for us while its items are stored, also where that fails', async () => {
    const { clock, request } = await setUp();
    for (const fails of [false, true]) {
      const disk = Promise.withResolvers<void>();
      const stored = request.holding(disk.promise);
      assert.equal(request.progressAt, Number.POSITIVE_INFINITY);
      await clock.advance(30);
      if (fails) disk.reject(new Error('no'));
      else disk.resolve();
      await stored.catch(() => undefined);
      assert.equal(request.progressAt, clock.monotonic());
    }
  });

  it('is called off when it is reassigned, and knows it', async () => {
    const { request } = await setUp();
    assert.deepEqual([request.reassigned, request.signal.aborted], [false, false]);
    request.reassign();
    assert.deepEqual([request.reassigned, request.signal.aborted], [true, true]);
    const other = (await setUp()).request;
    other.abort();
    assert.deepEqual([other.reassigned, other.signal.aborted], [false, true]);
  });
});
