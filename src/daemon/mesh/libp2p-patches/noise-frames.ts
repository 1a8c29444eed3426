import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface';
import { changeStreams } from './secured-streams.ts';

/** A part of the class of Noise's streams that libp2p's interface lacks. */
interface NoiseStream extends MessageStream {
  readonly decoder: { lengthDecoder: (bytes: Received) => number };
}

/** Bytes that are not decoded yet; see `Uint8ArrayList`. */
interface Received {
  readonly byteLength: number;
  get(index: number): number;
}

/** One error for all, so that no stack is recorded each time. */
const TOO_SHORT = new RangeError('the length of a message takes two bytes');

/**
 * Noise looks for another message behind each one, and learns by an error that there is none. In a busy
 * mesh that is some thousand errors a second, so here one error is thrown again and again.
 */
export function cheapLengths<C>(
  factory: (components: C) => ConnectionEncrypter,
): (components: C) => ConnectionEncrypter {
  return (components) => {
    const encrypter = factory(components);
    changeStreams(encrypter, (stream) => {
      (stream as NoiseStream).decoder.lengthDecoder = lengthOf;
    });
    return encrypter;
  };
}

/** Big-endian, as the libp2p specification of Noise has it. */
function lengthOf(bytes: Received): number {
  if (bytes.byteLength < 2) throw TOO_SHORT;
  return bytes.get(0) * 256 + bytes.get(1);
}
