import { blake3 } from '@noble/hashes/blake3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Random } from '../../src/store/index.ts';

/** Randomness that a seed decides: BLAKE3 as XOF over the seed and a counter. */
export class SeededRandom implements Random {
  readonly #seed: string;
  #counter = 0;

  constructor(seed: string | number) {
    this.#seed = String(seed);
  }

  bytes(length: number): Uint8Array {
    return blake3(utf8ToBytes(`${this.#seed}/${this.#counter++}`), { dkLen: length });
  }

  fraction(): number {
    const word = new DataView(this.bytes(4).buffer).getUint32(0);
    return word / 2 ** 32;
  }
}
