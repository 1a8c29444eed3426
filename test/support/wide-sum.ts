import type { FingerprintScheme } from '../../src/store/index.ts';

const WORDS = 8;

/**
 * A scheme with 32-byte digests that costs next to nothing, for long random runs: the ids, read as
 * eight words, summed word by word mod 2^32. The state is its own digest.
 */
export const wideSum: FingerprintScheme = {
  name: 'wide-sum',
  stateBytes: 4 * WORDS,
  empty: () => new Uint8Array(4 * WORDS),
  add: (state, ids) => fold(state, ids, 1),
  subtract: (state, ids) => fold(state, ids, -1),
  combine: (state, other) => fold(state, other, 1),
  difference: (state, other) => fold(state, other, -1),
  digest: (state) => state.slice(),
};

function fold(state: Uint8Array, ids: Uint8Array, sign: 1 | -1): void {
  for (let lane = 0; lane < 4 * WORDS; lane += 4) {
    let sum = wordAt(state, lane);
    for (let at = lane; at < ids.length; at += 4 * WORDS) sum = (sum + sign * wordAt(ids, at)) | 0;
    for (let i = 0; i < 4; i++) state[lane + i] = sum >>> (8 * i);
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
