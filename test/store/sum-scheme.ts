import type { FingerprintScheme } from '../../src/store/index.ts';

const MASK = 2n ** 64n - 1n;

/** A scheme that is cheap enough for long random runs: the sum of the ids' words mod 2^64. */
export const sumScheme: FingerprintScheme = {
  name: 'sum64',
  stateBytes: 8,
  empty: () => new Uint8Array(8),
  add: (state, ids) => write(state, read(state) + total(ids)),
  subtract: (state, ids) => write(state, read(state) - total(ids)),
  combine: (state, other) => write(state, read(state) + read(other)),
  difference: (state, other) => write(state, read(state) - read(other)),
  digest: (state) => state.slice(),
};

function total(ids: Uint8Array): bigint {
  let sum = 0n;
  for (let at = 0; at < ids.length; at += 32) {
    const words = new DataView(ids.buffer, ids.byteOffset + at, 32);
    for (let i = 0; i < 32; i += 8) sum += words.getBigUint64(i, true) * BigInt(i + 1);
  }
  return sum;
}

function read(state: Uint8Array): bigint {
  return new DataView(state.buffer, state.byteOffset).getBigUint64(0, true);
}

function write(state: Uint8Array, value: bigint): void {
  new DataView(state.buffer, state.byteOffset).setBigUint64(0, value & MASK, true);
}
