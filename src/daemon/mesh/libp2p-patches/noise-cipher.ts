import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface';
import { changeStreams } from './secured-streams.ts';

const ALGORITHM = 'chacha20-poly1305';
const TAG_BYTES = 16;
const TAG = { authTagLength: TAG_BYTES } as const;

/** Shorter messages are quicker in the WebAssembly of Noise. */
const SHORT_BYTES = 512;

/** Most pieces of a message that are worked on one by one, where they are short. */
const MOST_SHORT_PIECES = 16;

/** Bytes in pieces: the part of `Uint8ArrayList` that is used here. */
interface Pieces extends Iterable<Uint8Array> {
  readonly byteLength: number;
  append(bytes: Uint8Array): void;
  subarray(begin: number): Uint8Array;
  sublist(begin: number, end: number): Pieces;
}

type Data = Uint8Array | Pieces;
type Seal = (plain: Data, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array) => Data;
type Open = (...args: [...Parameters<Seal>, into?: Uint8Array]) => Data;

/** Parts of the classes of Noise that libp2p's interface lacks. */
interface NoiseEncrypter extends ConnectionEncrypter {
  readonly crypto: { encrypt: Seal; decrypt: Open };
}

interface DecryptingStream extends MessageStream {
  readonly handshake: { decrypt(message: Pieces): Data };
  readonly metrics?: Partial<Record<'decryptedPackets' | 'decryptErrors', { increment(): void }>>;
  decrypt(message: Pieces): Data;
}

/**
 * Enciphers long messages under one key object for each direction of a connection, and piece by piece.
 * Noise hands the bytes of the key to Node for each message, and joins the pieces of each that came.
 */
export function cheapCiphers<C>(
  factory: (components: C) => ConnectionEncrypter,
): (components: C) => ConnectionEncrypter {
  return (components) => {
    const encrypter = factory(components) as NoiseEncrypter;
    const { crypto } = encrypter;
    const { encrypt, decrypt } = crypto;
    crypto.encrypt = (plain, ...rest) =>
      isLong(plain, SHORT_BYTES) ? seal(plain, ...rest) : encrypt(plain, ...rest);
    crypto.decrypt = (message, nonce, ad, key, into) =>
      isLong(message, SHORT_BYTES + TAG_BYTES)
        ? open(message, nonce, ad, key)
        : decrypt(message, nonce, ad, key, into);
    changeStreams(encrypter, (stream) => decryptInPieces(stream as DecryptingStream));
    return encrypter;
  };
}

/** The stream joins the pieces of a message for memory to decipher it in, which Node does not use. */
function decryptInPieces(stream: DecryptingStream): void {
  const decrypt = stream.decrypt.bind(stream);
  stream.decrypt = (message) => {
    if (!isLong(message, SHORT_BYTES + TAG_BYTES)) return decrypt(message);
    const { handshake, metrics } = stream;
    try {
      const plain = handshake.decrypt(message);
      metrics?.decryptedPackets?.increment();
      return plain;
    } catch (error) {
      metrics?.decryptErrors?.increment();
      throw error;
    }
  };
}

function isLong(data: Data, least: number): data is Pieces {
  return data.byteLength >= least && !(data instanceof Uint8Array);
}

function seal(plain: Pieces, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array): Pieces {
  const cipher = createCipheriv(ALGORITHM, keyObject(key), nonce, TAG);
  if (ad.length > 0) cipher.setAAD(ad, { plaintextLength: plain.byteLength });
  const sealed = plain.sublist(0, 0);
  for (const piece of worthwhile(plain)) sealed.append(cipher.update(piece));
  cipher.final();
  sealed.append(cipher.getAuthTag());
  return sealed;
}

/** Throws unless the tag is right; nothing is handed over before. */
function open(message: Pieces, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array): Pieces {
  const length = message.byteLength - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, keyObject(key), nonce, TAG);
  if (ad.length > 0) decipher.setAAD(ad, { plaintextLength: length });
  decipher.setAuthTag(message.subarray(length));
  const plain = message.sublist(0, 0);
  const pieces = worthwhile(message.sublist(0, length));
  for (const piece of pieces) plain.append(decipher.update(piece));
  decipher.final();
  return plain;
}

/** Many short pieces are joined: a peer that sends byte by byte would make each byte a call of the cipher. */
function worthwhile(data: Pieces): readonly Uint8Array[] {
  const pieces = [...data];
  const few = pieces.length <= MOST_SHORT_PIECES;
  if (few || pieces.length * SHORT_BYTES <= data.byteLength) return pieces;
  return [Buffer.concat(pieces, data.byteLength)];
}

/** By the bytes of the key, which live as long as the connection that they belong to. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyObject(key: Uint8Array): KeyObject {
  let object = keyObjects.get(key);
  if (object === undefined) {
    object = createSecretKey(key);
    keyObjects.set(key, object);
  }
  return object;
}
