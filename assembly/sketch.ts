// The inner loops of the native dialect (docs/protocol-native.md): short ids by SipHash-1-3, and coded
// symbols over them. The readable twin is src/store/coding/reference.ts.
// Lines that begin with //! are replaced by unrolled rounds before compilation: scripts/rounds.ts.

import { BUCKETS, CELLS, SHORT, SIP_KEY, WINDOW } from './layout';

const ID_BYTES: usize = 32;
/** Where in WINDOW the light ones are set aside: behind 512 heavy ones and one that is too many. */
const LIGHTS: usize = 0x1800;
/** A cell that nobody reads: the last of WINDOW. */
const NOWHERE: usize = WINDOW + 0x3ff8;

/** Writes the short ids of the first `count` ids in WINDOW to SHORT, 8 bytes each. */
export function shortIds(count: i32): void {
  const k0 = load<u64>(SIP_KEY);
  const k1 = load<u64>(SIP_KEY, 8);
  let id = WINDOW;
  let to = SHORT;
  // Two ids at a time: the chain of one leaves half of the processor idle. SHORT has room for the odd one.
  for (let i = 0; i < count; i += 2) {
    let v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d;
    let v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;
    let w0 = v0, w1 = v1, w2 = v2, w3 = v3;
    for (let word = 0; word < 4; word++) {
      const m = load<u64>(id), n = load<u64>(id, ID_BYTES);
      v3 ^= m; w3 ^= n;
      //! sip
      v0 ^= m; w0 ^= n;
      id += 8;
    }
    v3 ^= 0x2000000000000000; w3 ^= 0x2000000000000000;
    //! sip
    v0 ^= 0x2000000000000000; w0 ^= 0x2000000000000000;
    v2 ^= 0xff; w2 ^= 0xff;
    //! sip
    //! sip
    //! sip
    storeShort(to, v0 ^ v1 ^ v2 ^ v3);
    storeShort(to + 8, w0 ^ w1 ^ w2 ^ w3);
    id += ID_BYTES;
    to += 16;
  }
}

function storeShort(to: usize, hash: u64): void {
  store<u64>(to, (hash & 0xffffffffffff0000) | checkOf(<u32>(hash >> 32), <u32>hash >> 16));
}

/** The low 16 bits of a short id, which its other bits decide. */
function checkOf(high: u32, middle: u32): u32 {
  return (((middle + 0x9e37) * 0x85ebca6b) ^ high) * 0xc2b2ae35 >> 16;
}

/**
 * Toggles each of the first `count` short ids in SHORT in its CELLS of blocks `first` to `last`. Which
 * of them are heavy, and which light ones skip a block, is chance: a branch would be guessed wrong too
 * often, so heavy ones are set aside in WINDOW, and what is skipped goes to a cell nobody reads.
 */
export function toggle(count: i32, first: i32, last: i32): void {
  let heavies = WINDOW;
  let lights = WINDOW + LIGHTS;
  let all: u64 = 0;
  for (let i = 0; i < count; i++) {
    const x = load<u64>(SHORT + (<usize>i << 3));
    const heavy = <usize>((<u32>x & 0x30000) == 0) << 3;
    store<u64>(heavies, x);
    store<u64>(lights, x);
    heavies += heavy;
    lights += 8 - heavy;
    all ^= x;
  }
  if (first == 0) store<u64>(CELLS, load<u64>(CELLS) ^ all);
  let factor: u32 = 0x2c1b3c6d;
  for (let block = 1; block <= last; block++) {
    if (block >= first) {
      const base = CELLS - 8 + (<usize>8 << block);
      toggleLights(lights, base, block, factor);
      toggleHeavies(heavies, base, block, factor);
    }
    factor = (factor ^ (factor >> 15)) * 0x297a2d39 | 1;
  }
}

function toggleLights(end: usize, base: usize, block: u32, factor: u32): void {
  const wide = 32 - block;
  for (let at = WINDOW + LIGHTS; at < end; at += 8) {
    const x = load<u64>(at);
    const to = base + (<usize>(<u32>(x >> 32) * factor >> wide) << 3);
    flip(select<usize>(to, NOWHERE, <u32>x * factor < 0xd0000000), x);
  }
}

function toggleHeavies(end: usize, base: usize, block: u32, factor: u32): void {
  const wide = 32 - block;
  const narrow = 16 - block;
  for (let at = WINDOW; at < end; at += 8) {
    const x = load<u64>(at);
    const high = <u32>(x >> 32) * factor;
    const low = <u32>x * factor;
    flip(base + (<usize>(high >> wide) << 3), x);
    flip(base + (<usize>((high & 0xffff) >> narrow) << 3), x);
    flip(base + (<usize>(low >> wide) << 3), x);
    flip(base + (<usize>((low & 0xffff) >> narrow) << 3), x);
  }
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
function flip(to: usize, x: u64): void {
  store<u64>(to, load<u64>(to) ^ x);
}

/** Adds a sign for each of the first `count` short ids in SHORT to its one of BUCKETS. */
export function weigh(count: i32): void {
  let at = SHORT;
  for (let i = 0; i < count; i++) {
    const high = load<u32>(at, 4);
    at += 8;
    const to = BUCKETS + (<usize>(high >> 25) << 2);
    store<i32>(to, load<i32>(to) + 1 - <i32>((high >> 23) & 2));
  }
}
