import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StallGuard } from '../../../src/protocol/fetch/testing.ts';

const guard = () => new StallGuard({ stallTimeoutMs: 100, minBytesPerWindow: 10 });

describe('StallGuard', () => {
  it('adds up the time waited, never below zero', () => {
    const one = guard();
    assert.equal(one.remainingMs, 100);
    one.waited(60);
    assert.equal(one.remainingMs, 40);
    one.waited(40);
    assert.equal(one.remainingMs, 0);
    one.waited(1);
    assert.equal(one.remainingMs, 0);
  });

  it('restarts once enough bytes arrived, also in parts, and not a byte earlier', () => {
    const one = guard();
    // The second round shows that the bytes of the first do not count again.
    for (const round of [1, 2, 3]) {
      one.waited(70);
      one.gained(4, false);
      one.gained(5, false);
      assert.equal(one.remainingMs, 30, `9 of 10 bytes, round ${round}`);
      one.gained(1, false);
      assert.equal(one.remainingMs, 100, `10 of 10 bytes, round ${round}`);
    }
  });

  it('restarts with each answered id, and forgets the bytes before it', () => {
    const one = guard();
    for (const round of [1, 2]) {
      one.waited(70);
      one.gained(9, false);
      one.gained(0, true);
      assert.equal(one.remainingMs, 100, `answered, round ${round}`);
      one.waited(70);
      one.gained(9, false);
      assert.equal(one.remainingMs, 30, `bytes before the answer do not count, round ${round}`);
      one.gained(1, true);
    }
  });
});
