import type { FingerprintScheme } from '../../src/store/index.ts';

/** A scheme that is cheap enough for long random runs: two sums mod 2^32 of the ids' words, weighted. */
export const sumScheme: FingerprintScheme = {
  name: 'sum64',
  stateBytes: 8,
  empty: () => new Uint8Array(8),
  add: (state, ids) => addWords(state, ids, 1),
  subtract: (state, ids) => addWords(state, ids, -1),
  combine: (state, other) => accumulate(state, wordAt(other, 0), wordAt(other, 4)),
  difference: (state, other) => accumulate(state, -wordAt(other, 0), -wordAt(other, 4)),
  digest: (state) => state.slice(),
};

function addWords(state: Uint8Array, ids: Uint8Array, sign: 1 | -1): void {
  let [low, high] = [0, 0];
  for (let at = 0; at < ids.length; at += 4) {
    const word = wordAt(ids, at);
    const place = (at & 31) + 1;
    low = (low + Math.imul(word, place)) | 0;
    high = (high + Math.imul(word, place * place)) | 0;
  }
  accumulate(state, sign * low, sign * high);
}

function accumulate(state: Uint8Array, low: number, high: number): void {
  setWord(state, 0, wordAt(state, 0) + low);
  setWord(state, 4, wordAt(state, 4) + high);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function setWord(bytes: Uint8Array, at: number, word: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = word >>> (8 * i);
}
