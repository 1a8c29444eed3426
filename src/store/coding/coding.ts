/** Bytes of the key of short ids. */
export const SHORT_ID_KEY_BYTES = 16;

/** Coded symbols of one group at most: those of blocks 0 to 11. */
export const MAX_SYMBOLS = 4095;

/** Buckets of the estimator. */
export const BUCKETS = 128;

/** Short ids [begin, end), and the blocks of symbols `first` to `last`. */
export interface ToggleRange {
  readonly begin: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/**
 * How short ids are made. `hash`: of the whole id (versions 1 and 2 of the native dialect). `wide`: the high
 * word is the first four bytes of the id, hidden by a hash of the other 28. `narrow`: the same with 32 bits
 * and the check alone; bits 16 to 31 repeat bits 32 to 47.
 */
export type ShortIdForm = 'hash' | 'wide' | 'narrow';

/**
 * The elements of coded symbols (docs/protocol-native.md, "Coded symbols"). Short ids and symbols
 * have 64 bits and are kept as two words, the low one first; the low 16 bits of a short id are a
 * check that the other 48 decide.
 */
export interface Coding {
  /** The short ids of `ids` (32 bytes each, concatenated) under a key, from id `at` of `into` on. */
  shortIds(
    key: Uint8Array,
    ids: Uint8Array,
    into: Uint32Array,
    at: number,
    form: ShortIdForm,
  ): void;
  /** Toggles short ids in all their cells of some blocks; `cells` has room for block `last`. */
  toggle(cells: Uint32Array, shorts: Uint32Array, range: ToggleRange): void;
  /** Adds the sign of each short id of [begin, end) to its one of the buckets. */
  weigh(buckets: Int32Array, shorts: Uint32Array, begin: number, end: number): void;
}

/** Symbols in blocks 0 to `block`. */
export function symbolsThrough(block: number): number {
  return 2 ** (block + 1) - 1;
}

/** The block that symbol `index` lies in: block b holds the 2^b symbols from 2^b - 1 on. */
export function blockOf(index: number): number {
  return 31 - Math.clz32(index + 1);
}

/** The low 16 bits of a short id, from its high word and bits 16 to 31 of its low one. */
export function checkOf(high: number, middle: number): number {
  return Math.imul(Math.imul(middle + 0x9e37, 0x85ebca6b) ^ high, 0xc2b2ae35) >>> 16;
}

/**
 * Calls `visit` with each cell of blocks `first` to `last` that a short id is toggled in; one called
 * twice cancels out. One id in four is heavy, with four cells in every block; the others have one in
 * 13 of 16 blocks. Mixing degrees makes decoding need fewer symbols than equal ones would.
 */
export function eachCell(
  shortLow: number,
  shortHigh: number,
  range: { readonly first: number; readonly last: number },
  visit: (cell: number) => void,
): void {
  if (range.first === 0) visit(0);
  const heavy = (shortLow & 0x30000) === 0;
  let factor = 0x2c1b3c6d;
  for (let block = 1; block <= range.last; block++) {
    if (block >= range.first) {
      const high = Math.imul(shortHigh, factor) >>> 0;
      const low = Math.imul(shortLow, factor) >>> 0;
      const base = 2 ** block - 1;
      if (heavy || low < 0xd0000000) visit(base + (high >>> (32 - block)));
      if (heavy) {
        visit(base + ((high & 0xffff) >>> (16 - block)));
        visit(base + (low >>> (32 - block)));
        visit(base + ((low & 0xffff) >>> (16 - block)));
      }
    }
    factor = Math.imul(factor ^ (factor >>> 15), 0x297a2d39) | 1;
  }
}
