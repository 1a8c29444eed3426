import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogStream } from '../../../src/daemon/log/index.ts';
import { VirtualClock } from '../../support/clock.ts';

/** An output that takes `room` bytes, and then fails with `code`. */
class SmallOutput {
  room = Number.POSITIVE_INFINITY;
  code = 'EAGAIN';
  text = '';
  blockedMs = 0;
  tries = 0;
  whileBlocked: () => void = () => undefined;

  write(bytes: Uint8Array): number {
    this.tries++;
    const taken = bytes.subarray(0, this.room);
    if (taken.length === 0) throw Object.assign(new Error('no room'), { code: this.code });
    this.room -= taken.length;
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }

  block(durationMs: number): void {
    this.blockedMs += durationMs;
    this.whileBlocked();
  }
}

function set(maxWaitingBytes?: number) {
  const clock = new VirtualClock();
  const output = new SmallOutput();
  const lossLine = (lost: number) => `(${lost} lost)\n`;
  const stream = new LogStream({
    clock,
    output,
    lossLine,
    ...(maxWaitingBytes && { maxWaitingBytes }),
  });
  return { clock, output, stream };
}

describe('LogStream', () => {
  it('writes a line at once where there is room', () => {
    const { clock, output, stream } = set();
    stream.write('one\n');
    stream.write('zwei: ä\n');
    assert.equal(output.text, 'one\nzwei: ä\n');
    assert.equal(clock.pending, 0);
  });

  it('keeps lines for a reader that is behind, and writes them once it reads', async () => {
    const { clock, output, stream } = set();
    output.room = 2;
    stream.write('one\n');
    stream.write('two\n');
    const { tries } = output;
    stream.write('three\n');
    assert.equal(output.tries, tries, 'a line tried the output while it was known to be full');
    await clock.advance(19);
    assert.equal(output.tries, tries);
    output.room = 5;
    await clock.advance(1);
    assert.equal(output.text, 'one\ntwo');
    output.room = 100;
    await clock.advance(20);
    assert.equal(output.text, 'one\ntwo\nthree\n');
    assert.equal(clock.pending, 0);
  });

  it('drops lines past its bound, and the next line that fits tells how many', async () => {
    const { clock, output, stream } = set(8);
    output.room = 0;
    stream.write('1234567\n');
    for (let i = 0; i < 3; i++) stream.write('\n');
    output.room = 100;
    await clock.advance(20);
    assert.equal(output.text, '1234567\n');
    stream.write('a line and its count are too long together\n');
    assert.equal(output.text, '1234567\n');
    const wide = set(50);
    wide.output.room = 0;
    wide.stream.write(`${'x'.repeat(49)}\n`);
    for (let i = 0; i < 3; i++) wide.stream.write('lost\n');
    wide.output.room = 100;
    await wide.clock.advance(20);
    wide.stream.write('next\n');
    wide.stream.write('last\n');
    assert.equal(wide.output.text, `${'x'.repeat(49)}\n(3 lost)\nnext\nlast\n`);
    assert.equal(wide.stream.lost, 3, 'since the start');
  });

  it('loses lines that cannot be written, begins a new line behind a torn line, and counts all', () => {
    const { clock, output, stream } = set();
    output.code = 'ENOSPC';
    output.room = 2;
    stream.write('torn\n');
    stream.write('lost\n');
    stream.write('lost\n');
    assert.equal(clock.pending, 0);
    output.room = 4;
    stream.write('again torn\n');
    assert.equal(output.text, 'to\n(3 ');
    output.room = 100;
    stream.write('next\n');
    assert.equal(output.text, 'to\n(3 \n(4 lost)\nnext\n');
    stream.write('last\n');
    assert.equal(output.text, 'to\n(3 \n(4 lost)\nnext\nlast\n');
    assert.equal(stream.lost, 4, 'since the start');
  });

  it('counts the waiting lines when the reader goes', async () => {
    const { clock, output, stream } = set();
    output.room = 0;
    stream.write('1\n');
    stream.write('2\n');
    output.code = 'EPIPE';
    await clock.advance(20);
    assert.equal(clock.pending, 0);
    output.room = 100;
    stream.write('3\n');
    assert.equal(output.text, '(2 lost)\n3\n');
  });

  it('gives a slow reader a moment at the end, and no longer', () => {
    const { clock, output } = set();
    const passing = {
      now: () => clock.now(),
      monotonic: () => output.blockedMs,
      after: () => () => undefined,
    };
    const stream = new LogStream({ clock: passing, output, lossLine: String });
    output.room = 0;
    stream.write('slow\n');
    output.whileBlocked = () => {
      if (output.blockedMs > 50) output.room = 5;
    };
    stream.flush();
    assert.equal(output.text, 'slow\n');
    output.whileBlocked = () => undefined;
    const { blockedMs } = output;
    stream.write('never\n');
    stream.flushSync();
    assert.equal(output.blockedMs - blockedMs, 250);
  });
});
