import type { Meter } from '../meter.ts';
import type { NativeWork } from '../work.ts';
import type { Shorts } from './peel.ts';

/** Bits that choose a chain. */
const CHAIN_BITS = 16;
const NOWHERE = -1;
const MAX_LINKS = 16;
/** Words of short ids gone through between two looks at the clock; eight of them cost what an item does. */
const BATCH_WORDS = 65_536;

/** Shortest prefix of short ids that is sent. */
export const MIN_PREFIX_BYTES = 2;

/** Where among many short ids a few stand: one pass over the many. */
class Chains {
  readonly #heads = new Int32Array(2 ** CHAIN_BITS).fill(NOWHERE);
  readonly #next: Int32Array;

  constructor(tops: readonly number[]) {
    this.#next = new Int32Array(tops.length);
    tops.forEach((top, i) => {
      this.#next[i] = this.#heads[top]!;
      this.#heads[top] = i;
    });
  }

  first(top: number): number {
    return this.#heads[top]!;
  }

  next(index: number): number {
    return this.#next[index]!;
  }
}

/** What of a difference is ours, by the short ids of the group; the rest is the peer's. */
export interface Sides {
  /** Positions in the group. */
  readonly mine: number[];
  /** Short ids only the peer has. */
  readonly theirs: Shorts;
  /** Bytes that tell each of `theirs` from everything else that the peer has. */
  readonly width: number;
}

/** Tells ours from theirs in a decoded difference. `own`: the short ids of our group. */
export function* takeSides(difference: Shorts, own: Shorts, meter: Meter): NativeWork<Sides> {
  const count = difference.length / 2;
  const tops = Array.from({ length: count }, (_, i) => difference[2 * i + 1]! >>> CHAIN_BITS);
  const chains = new Chains(tops);
  const position = new Int32Array(count).fill(NOWHERE);
  const shared = new Uint8Array(count);
  for (let begin = 0; begin < own.length; begin += BATCH_WORDS) {
    if (meter.over) yield 'slice';
    const end = Math.min(own.length, begin + BATCH_WORDS);
    for (let at = begin; at < end; at += 2) {
      const high = own[at + 1]!;
      for (let i = chains.first(high >>> CHAIN_BITS); i !== NOWHERE; i = chains.next(i)) {
        const bits = commonBits(own[at]!, high, difference[2 * i]!, difference[2 * i + 1]!);
        if (bits === 64) position[i] = at / 2;
        else shared[i] = Math.max(shared[i]!, bits);
      }
    }
    meter.spend((end - begin) >>> 3);
  }
  shareAmong(difference, tops, chains, shared);
  return divide(difference, position, shared);
}

/** Long chains are made up, so only their first links are looked at; the rest gets whole short ids. */
function shareAmong(
  difference: Shorts,
  tops: readonly number[],
  chains: Chains,
  shared: Uint8Array,
): void {
  tops.forEach((top, i) => {
    let links = 0;
    for (let j = chains.first(top); j !== NOWHERE; j = chains.next(j)) {
      if (j === i) continue;
      const pair = [2 * i, 2 * i + 1, 2 * j, 2 * j + 1].map((at) => difference[at]!);
      const [aLow, aHigh, bLow, bHigh] = pair as [number, number, number, number];
      const bits = ++links > MAX_LINKS ? 63 : commonBits(aLow, aHigh, bLow, bHigh);
      shared[i] = Math.max(shared[i]!, bits);
      if (links > MAX_LINKS) return;
    }
  });
}

function divide(difference: Shorts, position: Int32Array, shared: Uint8Array): Sides {
  const mine: number[] = [];
  const theirs: number[] = [];
  let width = MIN_PREFIX_BYTES;
  position.forEach((at, i) => {
    if (at !== NOWHERE) {
      mine.push(at);
      return;
    }
    theirs.push(difference[2 * i]!, difference[2 * i + 1]!);
    width = Math.max(width, Math.min(8, (shared[i]! >>> 3) + 1));
  });
  return { mine, theirs: Uint32Array.from(theirs), width };
}

/** Leading bits that two short ids share. */
function commonBits(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
  if (aHigh !== bHigh) return Math.clz32(aHigh ^ bHigh);
  return 32 + Math.clz32(aLow ^ bLow);
}

/** The first `width` bytes of each short id, its highest byte first. */
export function prefixesOf(shorts: Shorts, width: number): Uint8Array {
  const bytes = new Uint8Array((shorts.length / 2) * width);
  for (let i = 0; i < shorts.length / 2; i++) {
    for (let byte = 0; byte < width; byte++) {
      bytes[i * width + byte] = byteOf(shorts[2 * i]!, shorts[2 * i + 1]!, byte);
    }
  }
  return bytes;
}

/** Positions in `own` of the short ids that begin with `prefixes`, each the first that does. */
export function* findPrefixes(
  prefixes: Uint8Array,
  width: number,
  own: Shorts,
  meter: Meter,
): NativeWork<number[]> {
  const count = prefixes.length / width;
  const tops = Array.from(
    { length: count },
    (_, i) => (prefixes[i * width]! << 8) | prefixes[i * width + 1]!,
  );
  const chains = new Chains(tops);
  const position = new Int32Array(count).fill(NOWHERE);
  for (let begin = 0; begin < own.length; begin += BATCH_WORDS) {
    if (meter.over) yield 'slice';
    const end = Math.min(own.length, begin + BATCH_WORDS);
    for (let at = begin; at < end; at += 2) {
      const high = own[at + 1]!;
      for (let i = chains.first(high >>> CHAIN_BITS); i !== NOWHERE; i = chains.next(i)) {
        if (position[i] === NOWHERE && beginsWith(own[at]!, high, prefixes, i * width, width)) {
          position[i] = at / 2;
          break;
        }
      }
    }
    meter.spend((end - begin) >>> 3);
  }
  return [...position].filter((at) => at !== NOWHERE);
}

function beginsWith(
  low: number,
  high: number,
  prefixes: Uint8Array,
  begin: number,
  width: number,
): boolean {
  for (let byte = MIN_PREFIX_BYTES; byte < width; byte++) {
    if (byteOf(low, high, byte) !== prefixes[begin + byte]) return false;
  }
  return true;
}

function byteOf(low: number, high: number, byte: number): number {
  return byte < 4 ? (high >>> (24 - 8 * byte)) & 0xff : (low >>> (56 - 8 * byte)) & 0xff;
}
