import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GossipOutbox, type GossipOutStream } from '../../../src/protocol/libp2p.ts';

const KIB = 1024;

/** A stream to a peer that reads nothing. */
class Unread implements GossipOutStream {
  rawStream = {
    writeBufferLength: 0,
    abort: (error: Error) => {
      this.ended = (error as Error & { code: string }).code;
      this.rawStream.writeBufferLength = 0;
    },
  };
  ended: string | null = null;

  pushPrefixed(data: Uint8Array): void {
    this.rawStream.writeBufferLength += data.length;
  }
}

describe('GossipOutbox', () => {
  const streams = new Map<string, Unread>();
  const outbox = new GossipOutbox(streams, 300 * KIB);
  let sent = 0;
  const stream = (peer: string): Unread => {
    const opened = new Unread();
    outbox.watch(opened, (bytes) => {
      sent += bytes;
    });
    streams.set(peer, opened);
    return opened;
  };

  it('resets the stream with the most bytes once all together hold too many', () => {
    const [a, b, c] = [stream('a'), stream('b'), stream('c')];
    a.pushPrefixed(new Uint8Array(100 * KIB));
    b.pushPrefixed(new Uint8Array(130 * KIB));
    c.pushPrefixed(new Uint8Array(70 * KIB));
    assert.deepEqual([a.ended, b.ended, c.ended], [null, null, null], 'at the bound');
    assert.equal(sent, 300 * KIB, 'it tells of all bytes');
    c.pushPrefixed(new Uint8Array(1));
    assert.deepEqual([a.ended, b.ended, c.ended], [null, 'BUSY', null]);
  });

  it('leaves streams alone that are behind by no more than 64 KiB', () => {
    const others = Array.from({ length: 20 }, (_, i) => stream(`d${i}`));
    for (const one of others) one.pushPrefixed(new Uint8Array(64 * KIB));
    assert.ok(others.every(({ ended }) => ended === null));
  });
});
