import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { BodyChunks } from '../../../src/daemon/admin/testing.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

const PIECES = 200;

describe('the chunks of a body', () => {
  it('are read once each, in order, though more come while one is handed over', async () => {
    const body = new PassThrough();
    const sent = Buffer.from(Array.from({ length: PIECES }, (_, i) => i));
    const chunks = new BodyChunks(body as unknown as IncomingMessage, {
      clock: new VirtualClock(),
      silentMs: 1_000,
      closing: new AbortController().signal,
    });
    let at = 0;
    const write = (): void => {
      if (at < PIECES) body.write(sent.subarray(at, ++at));
      else if (!body.writableEnded) body.end();
    };
    /** A piece, and others in later ticks of the same turn: before the promise has told of the first. */
    const feed = (): void => {
      write();
      for (let ticks = 1; ticks < 5; ticks++) later(ticks, write);
      if (!body.writableEnded) setImmediate(feed);
    };
    setImmediate(feed);
    const read: Uint8Array[] = [];
    for (;;) {
      const chunk = await chunks.next();
      if (chunk === null) break;
      read.push(chunk);
    }
    assert.equal(Buffer.compare(Buffer.concat(read), sent), 0);
    await settle();
    assert.equal(body.listenerCount('readable'), 0);
  });
});

function later(ticks: number, call: () => void): void {
  process.nextTick(() => (ticks === 1 ? call() : later(ticks - 1, call)));
}
