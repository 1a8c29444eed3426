import { BRIEF_SUMS, NARROW_SYMBOL_BYTES, SKETCH_SUMS, SYMBOL_BYTES } from '../constants.ts';
import { type Codec, readFlags, things } from './fields.ts';
import type { SketchRecord, SymbolsRecord } from './records.ts';

const SHORT_SUMS = 1;
const NARROW = 2;

/** Symbols of version 3, in either width. */
function symbolsOf(narrow: boolean): Codec<Uint8Array> {
  return things(narrow ? NARROW_SYMBOL_BYTES : SYMBOL_BYTES);
}

export const SKETCH: Codec<Omit<SketchRecord, 'tag'>> = {
  read(from) {
    const flags = readFlags(from, SHORT_SUMS | NARROW);
    const count = from.count();
    const sums = from.take(flags & SHORT_SUMS ? BRIEF_SUMS : SKETCH_SUMS);
    const narrow = (flags & NARROW) !== 0;
    return { count, sums, ...(narrow && { narrow }), symbols: symbolsOf(narrow).read(from) };
  },
  write(to, { count, sums, narrow = false, symbols }) {
    to.byte((sums.length === BRIEF_SUMS ? SHORT_SUMS : 0) | (narrow ? NARROW : 0));
    to.count(count).bytes(sums);
    symbolsOf(narrow).write(to, symbols);
  },
};

export const SYMBOLS: Codec<Omit<SymbolsRecord, 'tag'>> = {
  read(from) {
    const group = from.count();
    const narrow = readFlags(from, NARROW) !== 0;
    return { group, ...(narrow && { narrow }), symbols: symbolsOf(narrow).read(from) };
  },
  write(to, { group, narrow = false, symbols }) {
    to.count(group).byte(narrow ? NARROW : 0);
    symbolsOf(narrow).write(to, symbols);
  },
};
