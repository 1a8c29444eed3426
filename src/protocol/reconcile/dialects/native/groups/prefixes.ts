import type { Meter } from '../../shared/index.ts';
import type { NativeWork } from '../work.ts';
import type { Shorts } from './peel.ts';

/** Bits of `tops`, by which short ids are told apart at first. */
const TOP_BITS = 16;
/** Chains for each of the few, as a power of two: hardly any of the many then meets a chain. */
const SPARE_BITS = 6;
const NOWHERE = -1;
const MAX_LINKS = 16;
/** Words of short ids scanned in a slice; eight of them cost as much as one item. */
const BATCH_WORDS = 65_536;

/** Shortest prefix of short ids that is sent. */
export const MIN_PREFIX_BYTES = 2;

type MeetsChain = (index: number, position: number, low: number, high: number) => boolean;

/** Finds a few short ids among many in one pass over the many. */
class Chains {
  /** The low bits of `tops` that a chain does not tell apart. */
  readonly #shift: number;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;

  constructor(tops: readonly number[]) {
    const bits = Math.min(TOP_BITS, SPARE_BITS + 32 - Math.clz32(tops.length));
    this.#shift = TOP_BITS - bits;
    this.#heads = new Int32Array(2 ** bits).fill(NOWHERE);
    this.#next = new Int32Array(tops.length);
    tops.forEach((top, i) => {
      const chain = top >>> this.#shift;
      this.#next[i] = this.#heads[chain]!;
      this.#heads[chain] = i;
    });
  }

  first(top: number): number {
    return this.#heads[top >>> this.#shift]!;
  }

  next(index: number): number {
    return this.#next[index]!;
  }

  /**
   * Calls `visit` with the members of the chain of each of our short ids, given as position and words,
   * until it returns true.
   */
  *scan(own: Shorts, meter: Meter, visit: MeetsChain): NativeWork {
    for (let begin = 0; begin < own.length; begin += BATCH_WORDS) {
      if (meter.over) yield 'slice';
      const end = Math.min(own.length, begin + BATCH_WORDS);
      const heads = this.#heads;
      const shift = 32 - TOP_BITS + this.#shift;
      for (let at = begin + 1; at < end; at += 2) {
        const first = heads[own[at]! >>> shift]!;
        if (first !== NOWHERE) this.#visit(first, own, at, visit);
      }
      meter.spend((end - begin) >>> 3);
    }
  }

  #visit(first: number, own: Shorts, at: number, visit: MeetsChain): void {
    for (let i = first; i !== NOWHERE; i = this.next(i)) {
      if (visit(i, (at - 1) / 2, own[at - 1]!, own[at]!)) return;
    }
  }
}

/** A difference, divided by the short ids of our group. */
export interface Sides {
  /** Positions in the group. */
  readonly mine: number[];
  /** Short ids that only the peer has. */
  readonly theirs: Shorts;
  /** Prefixes of so many bytes tell each of `theirs` from all other short ids of the peer. */
  readonly width: number;
  /** Two items of our group have one of the short ids. */
  readonly ambiguous: boolean;
}

/** Divides a decoded difference. `own`: the short ids of our group. */
export function* takeSides(difference: Shorts, own: Shorts, meter: Meter): NativeWork<Sides> {
  const count = difference.length / 2;
  const tops = Array.from({ length: count }, (_, i) => difference[2 * i + 1]! >>> (32 - TOP_BITS));
  const chains = new Chains(tops);
  const position = new Int32Array(count).fill(NOWHERE);
  const shared = new Uint8Array(count);
  let ambiguous = false;
  yield* chains.scan(own, meter, (i, at, low, high) => {
    const bits = commonBits(low, high, difference[2 * i]!, difference[2 * i + 1]!);
    if (bits === 64) {
      ambiguous ||= position[i] !== NOWHERE;
      position[i] = at;
    }
    shared[i] = bits === 64 ? shared[i]! : Math.max(shared[i]!, bits);
    return false;
  });
  shareAmong(difference, tops, chains, shared);
  return { ...divide(difference, position, shared), ambiguous };
}

/** Long chains are an attack: behind their first links whole short ids are sent. */
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

function divide(
  difference: Shorts,
  position: Int32Array,
  shared: Uint8Array,
): Omit<Sides, 'ambiguous'> {
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
  yield* chains.scan(own, meter, (i, at, low, high) => {
    const begins = position[i] === NOWHERE && beginsWith(low, high, prefixes, i * width, width);
    if (begins) position[i] = at;
    return begins;
  });
  return [...position].filter((at) => at !== NOWHERE);
}

function beginsWith(
  low: number,
  high: number,
  prefixes: Uint8Array,
  begin: number,
  width: number,
): boolean {
  for (let byte = 0; byte < width; byte++) {
    if (byteOf(low, high, byte) !== prefixes[begin + byte]) return false;
  }
  return true;
}

function byteOf(low: number, high: number, byte: number): number {
  return byte < 4 ? (high >>> (24 - 8 * byte)) & 0xff : (low >>> (56 - 8 * byte)) & 0xff;
}
