import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface';

/** Of Noise's streams: what is in their class, and not in libp2p's interface. */
interface NoiseStream extends MessageStream {
  readonly decoder: { lengthDecoder: (bytes: Received) => number };
}

/** What has come and was not decoded; see `Uint8ArrayList`. */
interface Received {
  readonly byteLength: number;
  get(index: number): number;
}

/** One for all: an error of one's own each time would have the stack written down for nobody to read. */
const TOO_SHORT = new RangeError('the length of a message takes two bytes');

/**
 * Noise looks for another message behind each one, and finds out by an error that there is none. Here
 * that error is not made anew each time, some thousand times a second in a busy mesh.
 */
export function cheapLengths<C>(
  factory: (components: C) => ConnectionEncrypter,
): (components: C) => ConnectionEncrypter {
  return (components) => {
    const encrypter = factory(components);
    const inbound = encrypter.secureInbound.bind(encrypter);
    const outbound = encrypter.secureOutbound.bind(encrypter);
    encrypter.secureInbound = async (...args) => changed(await inbound(...args));
    encrypter.secureOutbound = async (...args) => changed(await outbound(...args));
    return encrypter;
  };
}

function changed<Secured extends { connection: MessageStream }>(secured: Secured): Secured {
  (secured.connection as NoiseStream).decoder.lengthDecoder = lengthOf;
  return secured;
}

/** Big-endian, as the libp2p specification of Noise has it. */
function lengthOf(bytes: Received): number {
  if (bytes.byteLength < 2) throw TOO_SHORT;
  return bytes.get(0) * 256 + bytes.get(1);
}
