import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { describe, it } from 'node:test';
import { cheapCiphers } from '../../../../src/daemon/mesh/libp2p-patches/index.ts';

const KEY = new Uint8Array(32).fill(1);
const NONCE = new Uint8Array(12).fill(2);
const ALGORITHM = 'chacha20-poly1305';
const TAG_BYTES = 16;
const TAG = { authTagLength: TAG_BYTES } as const;

/** As `Uint8ArrayList`; joining all pieces of a message fails the test. */
class Pieces {
  readonly pieces: Uint8Array[];

  constructor(...pieces: Uint8Array[]) {
    this.pieces = pieces;
  }

  get byteLength(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  [Symbol.iterator]() {
    return this.pieces[Symbol.iterator]();
  }

  append(bytes: Uint8Array): void {
    this.pieces.push(bytes);
  }

  subarray(begin: number): Uint8Array {
    assert.ok(this.byteLength - begin <= TAG_BYTES, 'a message is joined');
    return Buffer.concat(this.pieces).subarray(begin);
  }

  sublist(begin: number, end: number): Pieces {
    let at = 0;
    const parts = this.pieces.map((piece) => {
      const from = at;
      at += piece.length;
      return piece.subarray(Math.max(0, begin - from), Math.max(0, end - from));
    });
    return new Pieces(...parts.filter(({ length }) => length > 0));
  }
}

function cut(bytes: Uint8Array, size: number): Pieces {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return new Pieces(...pieces);
}

type Crypto = Record<'encrypt' | 'decrypt', (...args: readonly unknown[]) => unknown>;

function patched() {
  const short: string[] = [];
  const counted = { decryptedPackets: 0, decryptErrors: 0 };
  const counter = (name: keyof typeof counted) => ({ increment: () => counted[name]++ });
  const crypto: Crypto = {
    encrypt: () => short.push('encrypt'),
    decrypt: () => short.push('decrypt'),
  };
  const connection = {
    handshake: {
      decrypt: (message: unknown) => crypto.decrypt(message, NONCE, new Uint8Array(0), KEY),
    },
    metrics: {
      decryptedPackets: counter('decryptedPackets'),
      decryptErrors: counter('decryptErrors'),
    },
    decrypt: (_message: unknown): unknown => short.push('stream'),
  };
  const secure = async () => ({ connection });
  const encrypter = { crypto, secureInbound: secure, secureOutbound: secure };
  const made = cheapCiphers(() => encrypter as never)({}) as unknown as typeof encrypter;
  return { crypto, made, short, counted };
}

function sealed(plain: Uint8Array, ad: Uint8Array): Buffer {
  const cipher = createCipheriv(ALGORITHM, KEY, NONCE, TAG);
  cipher.setAAD(ad, { plaintextLength: plain.length });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function opened(message: Uint8Array, ad: Uint8Array): Buffer {
  const decipher = createDecipheriv(ALGORITHM, KEY, NONCE, TAG);
  decipher.setAAD(ad, { plaintextLength: message.length - TAG_BYTES });
  decipher.setAuthTag(message.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(message.subarray(0, -TAG_BYTES)), decipher.final()]);
}

const joined = (data: unknown): Buffer => Buffer.concat((data as Pieces).pieces);
const LONG = Uint8Array.from({ length: 5_000 }, (_, i) => i);

describe('a long message of Noise', () => {
  for (const ad of [new Uint8Array(0), new Uint8Array(32).fill(3)]) {
    it(`is sealed and opened as by Node, with ${ad.length} bytes beside it`, () => {
      const { crypto, short } = patched();
      const plain = new Pieces(LONG.subarray(0, 12), LONG.subarray(12));
      assert.ok(joined(crypto.encrypt(plain, NONCE, ad, KEY)).equals(sealed(LONG, ad)));
      const message = cut(sealed(LONG, ad), 700);
      assert.ok(opened(joined(message), ad).equals(LONG));
      assert.ok(joined(crypto.decrypt(message, NONCE, ad, KEY)).equals(LONG));
      assert.deepEqual(short, []);
    });
  }

  it('is worked on piece by piece where the pieces are worth it, and else joined', () => {
    const { crypto } = patched();
    const ad = new Uint8Array(0);
    for (const [size, pieces] of [
      [600, 9],
      [400, 13],
      [100, 1],
      [1, 1],
    ] as const) {
      const message = crypto.encrypt(cut(LONG, size), NONCE, ad, KEY) as Pieces;
      assert.ok(joined(message).equals(sealed(LONG, ad)));
      assert.equal(message.pieces.length, pieces + 1, 'the last is the tag');
      const plain = crypto.decrypt(cut(joined(message), size), NONCE, ad, KEY) as Pieces;
      assert.ok(joined(plain).equals(LONG));
      assert.equal(plain.pieces.length, pieces);
    }
  });

  it('is refused if a byte was changed', () => {
    const { crypto } = patched();
    const message = sealed(LONG, new Uint8Array(0));
    for (const at of [0, 2_000, message.length - 1]) {
      const wrong = Buffer.from(message);
      wrong[at]! ^= 1;
      const open = () => crypto.decrypt(new Pieces(wrong), NONCE, new Uint8Array(0), KEY);
      assert.throws(open, `byte ${at}`);
    }
  });

  it('is not joined by the stream, on both sides, and is counted', async () => {
    for (const side of ['secureInbound', 'secureOutbound'] as const) {
      const { made, short, counted } = patched();
      const { connection } = await made[side]();
      const message = sealed(LONG, new Uint8Array(0));
      assert.ok(joined(connection.decrypt(new Pieces(message))).equals(LONG));
      message[7]! ^= 1;
      assert.throws(() => connection.decrypt(new Pieces(message)));
      assert.deepEqual(counted, { decryptedPackets: 1, decryptErrors: 1 });
      assert.deepEqual(short, []);
    }
  });
});

describe('a short message of Noise', () => {
  it('is left to Noise', async () => {
    const { crypto, made, short } = patched();
    const { connection } = await made.secureInbound();
    crypto.encrypt(new Pieces(LONG.subarray(0, 511)), NONCE, new Uint8Array(0), KEY);
    crypto.decrypt(new Pieces(LONG.subarray(0, 527)), NONCE, new Uint8Array(0), KEY);
    connection.decrypt(new Pieces(LONG.subarray(0, 527)));
    assert.deepEqual(short, ['encrypt', 'decrypt', 'stream']);
  });
});
