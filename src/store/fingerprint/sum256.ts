import { sha256 } from '@noble/hashes/sha2.js';
import { writeBase128 } from '../bytes.ts';
import { ID_BYTES } from '../item.ts';
import { kernel } from '../kernel/index.ts';
import type { FingerprintScheme } from './scheme.ts';

/** Bytes of a state: one 256-bit integer. */
export const SUM256_BYTES = 32;

const SUM256_DIGEST_BYTES = 16;

/**
 * The fingerprint of Negentropy Protocol V1: the ids as little-endian 256-bit integers, added mod
 * 2^256. A state is the sum as 32 little-endian bytes; its digest is the first 16 bytes of SHA-256
 * over the state and the count as varint. Known attacks find collisions in hours: for peers that
 * speak nothing else.
 */
export const sum256: FingerprintScheme = {
  name: 'sum256',
  stateBytes: SUM256_BYTES,
  empty: () => new Uint8Array(SUM256_BYTES),
  add: (state, ids) => accumulate(state, ids, 1),
  subtract: (state, ids) => accumulate(state, ids, -1),
  combine: (state, other) => accumulate(state, other, 1),
  difference: (state, other) => accumulate(state, other, -1),
  digest,
};

/** Limbs of 16 bits: a double adds up 2^36 of them exactly before one has to be carried. */
const LIMBS = SUM256_BYTES / 2;
const LIMB = 0x1_0000;

const totals = new Float64Array(LIMBS);

/** Adds 256-bit integers to `state`, or takes them away; the carry is spread once, at the end. */
function accumulate(state: Uint8Array, integers: Uint8Array, sign: 1 | -1): void {
  totals.fill(0);
  for (let at = 0; at < integers.length; at += ID_BYTES) {
    for (let limb = 0; limb < LIMBS; limb++) {
      const low = at + 2 * limb;
      totals[limb] = totals[limb]! + integers[low]! + integers[low + 1]! * 256;
    }
  }
  let carry = 0;
  for (let limb = 0; limb < LIMBS; limb++) {
    const value = state[2 * limb]! + state[2 * limb + 1]! * 256 + sign * totals[limb]! + carry;
    carry = Math.floor(value / LIMB);
    const rest = value - carry * LIMB;
    state[2 * limb] = rest;
    state[2 * limb + 1] = rest >>> 8;
  }
}

/** What is hashed: a state, and a count of at most eight digits. */
const input = kernel === null ? new Uint8Array(SUM256_BYTES + 8) : kernel.window;

function digest(state: Uint8Array, count: number): Uint8Array {
  input.set(state);
  const end = writeBase128(input, SUM256_BYTES, count);
  if (kernel === null) return sha256(input.subarray(0, end)).slice(0, SUM256_DIGEST_BYTES);
  kernel.sha256(end);
  return kernel.hash.slice(0, SUM256_DIGEST_BYTES);
}
