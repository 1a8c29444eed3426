import { readU64LE } from '../bytes.ts';

const MASK = 2n ** 64n - 1n;

/** SipHash-1-3 (Aumasson, Bernstein 2012) of a message of whole 8-byte words; `key`: 16 bytes. */
export function sipHash13(key: Uint8Array, message: Uint8Array): bigint {
  const k0 = readU64LE(key, 0);
  const k1 = readU64LE(key, 8);
  const v: State = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  for (let at = 0; at < message.length; at += 8) absorb(v, readU64LE(message, at));
  absorb(v, BigInt(message.length & 0xff) << 56n);
  v[2] ^= 0xffn;
  for (let i = 0; i < 3; i++) round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

type State = [bigint, bigint, bigint, bigint];

function absorb(v: State, word: bigint): void {
  v[3] ^= word;
  round(v);
  v[0] ^= word;
}

function round(v: State): void {
  v[0] = (v[0] + v[1]) & MASK;
  v[1] = rotate(v[1], 13n) ^ v[0];
  v[0] = rotate(v[0], 32n);
  v[2] = (v[2] + v[3]) & MASK;
  v[3] = rotate(v[3], 16n) ^ v[2];
  v[0] = (v[0] + v[3]) & MASK;
  v[3] = rotate(v[3], 21n) ^ v[0];
  v[2] = (v[2] + v[1]) & MASK;
  v[1] = rotate(v[1], 17n) ^ v[2];
  v[2] = rotate(v[2], 32n);
}

function rotate(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (64n - bits))) & MASK;
}
