import type { Stream } from '@libp2p/interface';
import { ProtocolError } from '../errors.ts';

/** A part of gossipsub's class for a stream to a peer. */
export interface GossipOutStream {
  readonly rawStream: Pick<Stream, 'writeBufferLength' | 'abort'>;
  pushPrefixed(data: { readonly byteLength: number }): void;
}

/** Bytes for one peer that are no sign of a slow reader. */
const FREE_BYTES = 64 * 1024;

const FULL = new ProtocolError(
  'BUSY',
  'the peer reads gossip too slowly, and slow peers have filled the memory for it',
);

/**
 * Bounds the gossip that waits for peers that do not read, of all peers together. Past the bound the
 * stream with the most bytes is reset; the next heartbeat opens another.
 */
export class GossipOutbox {
  readonly #streams: ReadonlyMap<string, GossipOutStream>;
  readonly #maxBytes: number;

  constructor(streams: ReadonlyMap<string, GossipOutStream>, maxBytes: number) {
    this.#streams = streams;
    this.#maxBytes = maxBytes;
  }

  /** Looks at all streams after each write to this one that leaves it behind; `sent` hears of its bytes. */
  watch(stream: GossipOutStream, sent: (bytes: number) => void): void {
    const push = stream.pushPrefixed.bind(stream);
    stream.pushPrefixed = (data) => {
      push(data);
      sent(data.byteLength);
      if (stream.rawStream.writeBufferLength > FREE_BYTES) this.#look();
    };
  }

  #look(): void {
    const behind = [...this.#streams.values()]
      .map(({ rawStream }) => rawStream)
      .filter(({ writeBufferLength }) => writeBufferLength > FREE_BYTES)
      .sort((a, b) => b.writeBufferLength - a.writeBufferLength);
    let bytes = behind.reduce((sum, { writeBufferLength }) => sum + writeBufferLength, 0);
    for (const stream of behind) {
      if (bytes <= this.#maxBytes) return;
      bytes -= stream.writeBufferLength;
      stream.abort(FULL);
    }
  }
}
