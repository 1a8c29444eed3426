import xsalsa20 from 'xsalsa20';

/**
 * All ciphers share one memory of 640 KiB. Bytes that do not fit make it grow, and after that each cipher
 * makes it grow again, up to its end at 64 MB.
 */
const PIECE_BYTES = 16 * 1024;

/** One direction of a connection under a key; XSalsa20 enciphers and deciphers alike. */
export class Cipher {
  #xor: ReturnType<typeof xsalsa20> | null;

  constructor(nonce: Uint8Array, key: Uint8Array) {
    this.#xor = xsalsa20(nonce, key);
  }

  /** The next bytes; none after the end. */
  apply(bytes: Uint8Array): Uint8Array {
    if (this.#xor === null) return new Uint8Array(0);
    const out = new Uint8Array(bytes.length);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      const to = from + PIECE_BYTES;
      this.#xor.update(bytes.subarray(from, to), out.subarray(from, to));
    }
    return out;
  }

  /** Gives its share of the memory back. */
  end(): void {
    this.#xor?.finalize();
    this.#xor = null;
  }
}
