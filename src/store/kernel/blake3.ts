import { blake3 as noble } from '@noble/hashes/blake3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Bytes } from '../bytes.ts';
import { type Kernel, kernel } from './kernel.ts';

/** BLAKE3 with 32 bytes of output. A message is given in parts, hashed one after the other. */
export interface Blake3 {
  hash(...parts: Uint8Array[]): Bytes;
  /** `key`: 32 bytes. */
  keyedHash(key: Uint8Array, ...parts: Uint8Array[]): Bytes;
  /** The hash function of a context: derive_key with the parts as key material. */
  deriveKey(context: string): DerivedHash;
}

/** A hash function of its own; `into` writes to a given array of 32 bytes. */
export interface DerivedHash {
  (...parts: Uint8Array[]): Bytes;
  into(out: Uint8Array, ...parts: Uint8Array[]): void;
}

/** BLAKE3 by @noble/hashes: the readable reference. */
export const blake3Reference: Blake3 = {
  hash: (...parts) => digest({}, parts),
  keyedHash: (key, ...parts) => digest({ key }, parts),
  deriveKey: (context) => {
    const bytes = utf8ToBytes(context);
    return derivedHash((parts) => digest({ context: bytes }, parts));
  },
};

/** `hash` may give an array that the next hash writes over. */
function derivedHash(hash: (parts: Uint8Array[]) => Uint8Array): DerivedHash {
  const derive = (...parts: Uint8Array[]): Bytes => hash(parts).slice();
  const into = (out: Uint8Array, ...parts: Uint8Array[]): void => out.set(hash(parts));
  return Object.assign(derive, { into });
}

function digest(mode: Parameters<typeof noble.create>[0], parts: Uint8Array[]): Bytes {
  const hasher = noble.create(mode);
  for (const part of parts) hasher.update(part);
  return new Uint8Array(hasher.digest());
}

/** BLAKE3 by the WebAssembly SIMD kernel; null where there is no SIMD. */
export const blake3Kernel: Blake3 | null = kernel === null ? null : blake3By(kernel);

/** BLAKE3 in the fastest form this platform has. */
export const blake3: Blake3 = blake3Kernel ?? blake3Reference;

/** Flags of the specification, section 2.2. */
const KEYED_HASH = 16;
const DERIVE_KEY_CONTEXT = 32;
const DERIVE_KEY_MATERIAL = 64;

function blake3By(wasm: Kernel): Blake3 {
  return {
    hash: (...parts) => hashParts(wasm, 0, parts).slice(),
    keyedHash: (key, ...parts) => {
      if (key.length !== 32) throw new RangeError(`a BLAKE3 key has 32 bytes, not ${key.length}`);
      wasm.hash.set(key);
      return hashParts(wasm, KEYED_HASH, parts).slice();
    },
    deriveKey: (context) => {
      const key = hashParts(wasm, DERIVE_KEY_CONTEXT, [utf8ToBytes(context)]).slice();
      return derivedHash((parts) => {
        wasm.hash.set(key);
        return hashParts(wasm, DERIVE_KEY_MATERIAL, parts);
      });
    },
  };
}

/**
 * Fills the window again and again; it is hashed only when it is known whether more follows. The result
 * is the kernel's own, until the next hash.
 */
function hashParts(wasm: Kernel, flags: number, parts: Uint8Array[]): Uint8Array {
  const { window, windowAddress } = wasm;
  let filled = 0;
  wasm.begin(flags);
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      if (filled === window.length) {
        wasm.absorb(windowAddress, filled);
        filled = 0;
      }
      const taken = Math.min(window.length - filled, part.length - at);
      window.set(taken === part.length ? part : part.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
    }
  }
  wasm.finish(windowAddress, filled);
  return wasm.hash;
}
