import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WRITE_BUFFER_BYTES } from '../../../../src/store/level/testing.ts';
import { LogWindow } from '../../../../src/store/replica/durable-set/testing.ts';

/** Bytes between two commits that are remembered. */
const MARK = 256 * 1024;

/** Commits of that size that may still be lost: two write buffers, and a batch for each. */
const SPAN = (2 * WRITE_BUFFER_BYTES) / MARK + 2;

describe('LogWindow', () => {
  it('treats a commit as settled once two write buffers and two batches follow it', () => {
    const window = new LogWindow(7);
    assert.equal(window.settled, 7, 'what was there at opening is settled');
    for (let i = 1; i <= SPAN; i++) window.note(7 + i, MARK);
    assert.equal(window.settled, 7);
    window.note(8 + SPAN, MARK);
    assert.equal(window.settled, 8);
    window.note(9 + SPAN, MARK);
    assert.equal(window.settled, 9);
    window.note(10 + SPAN, 5 * MARK);
    assert.equal(window.settled, 9, 'a larger batch may lie in the log beside more');
    window.note(11 + SPAN, 20 * MARK);
    assert.equal(window.settled, 9);
    window.note(12 + SPAN, 20 * MARK);
    assert.equal(window.settled, 16, 'several are settled at once');
  });

  it('remembers one commit per fixed number of bytes', () => {
    const window = new LogWindow(0);
    window.note(1, MARK - 1);
    window.note(2, 1);
    window.note(3, MARK - 1);
    // Commits 1 and 3 are no marks: what is settled goes from 0 to 2.
    const settled = new Set<number>();
    for (let i = 4; i < 4 + SPAN; i++) {
      window.note(i, MARK);
      settled.add(window.settled);
    }
    assert.deepEqual([...settled], [0, 2]);
  });

  it('bounds the bytes that may lie in the log', () => {
    const window = new LogWindow(0);
    assert.equal(window.loggedBytes, 0);
    window.note(1, 100);
    assert.equal(window.loggedBytes, 100);
    window.note(2, 50);
    assert.equal(window.loggedBytes, 150);
    for (let i = 3; i < 10; i++) window.note(i, WRITE_BUFFER_BYTES);
    assert.equal(window.loggedBytes, 4 * WRITE_BUFFER_BYTES);
    window.note(10, 1);
    assert.equal(window.loggedBytes, 4 * WRITE_BUFFER_BYTES, 'the largest batch counts');
  });
});
