import { blake3 } from '@noble/hashes/blake3.js';
import { ID_BYTES } from '../item.ts';
import type { FingerprintScheme } from './scheme.ts';

/** Bytes of an LtHash state: 1024 lanes of 16 bits. */
export const LTHASH_BYTES = 2048;

/** The 1024 lanes of one id: BLAKE3 as XOF, 2048 bytes, read as little-endian u16. */
export function expand(id: Uint8Array): Uint16Array {
  return lanes(blake3(id, { dkLen: LTHASH_BYTES }));
}

/**
 * LtHash over BLAKE3 (Lewi et al., "Securing Update Propagation with Homomorphic Hashing", 2019;
 * parameters of Commonware's `lthash`), by @noble/hashes: the readable reference. A state is the
 * lane-wise sum mod 2^16 of the expansions of its ids, as 2048 little-endian bytes; its digest is
 * BLAKE3-256 of these bytes, and the count is not hashed.
 */
export const lthashReference: FingerprintScheme = {
  name: 'lthash',
  stateBytes: LTHASH_BYTES,
  empty: () => new Uint8Array(LTHASH_BYTES),
  add(state, ids) {
    change(state, (sum) => {
      for (const id of eachId(ids)) addLanes(sum, expand(id));
    });
  },
  subtract(state, ids) {
    change(state, (sum) => {
      for (const id of eachId(ids)) subtractLanes(sum, expand(id));
    });
  },
  combine: (state, other) => change(state, (sum) => addLanes(sum, lanes(other))),
  difference: (state, other) => change(state, (sum) => subtractLanes(sum, lanes(other))),
  digest: (state) => blake3(state),
};

function* eachId(ids: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < ids.length; at += ID_BYTES) yield ids.subarray(at, at + ID_BYTES);
}

/** Changes the lanes of `state` where they lie; through a copy when they lie at an odd offset. */
function change(state: Uint8Array, edit: (lanes: Uint16Array) => void): void {
  if (state.byteOffset % 2 === 0) {
    edit(lanes(state));
  } else {
    const copy = new Uint8Array(state);
    edit(lanes(copy));
    state.set(copy);
  }
}

/** The bytes as lanes, for reading: a view where they are aligned, else a copy. Hosts are LE. */
function lanes(bytes: Uint8Array): Uint16Array {
  if (bytes.length !== LTHASH_BYTES) {
    throw new RangeError(`an LtHash state has ${LTHASH_BYTES} bytes, not ${bytes.length}`);
  }
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, LTHASH_BYTES / 2);
}

function addLanes(into: Uint16Array, other: Uint16Array): void {
  for (let i = 0; i < into.length; i++) into[i] = into[i]! + other[i]!;
}

function subtractLanes(into: Uint16Array, other: Uint16Array): void {
  for (let i = 0; i < into.length; i++) into[i] = into[i]! - other[i]!;
}
