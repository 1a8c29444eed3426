/** Digits of 11 bits: three make a word, and their counters stay in the first-level cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const WORD_BITS = 32;

/**
 * The positions 0 to `length - 1` in ascending order of the last of `columns`, among equals of the column
 * before it, and so on, and last of `compare`. A radix sort that passes over digits which are the same
 * everywhere.
 */
export function orderOf(
  length: number,
  columns: readonly Uint32Array[],
  compare: (a: number, b: number) => number,
): Uint32Array {
  const sorter = new Sorter(length);
  for (const column of columns) sorter.sort(column);
  settleTies(sorter.order, columns, compare);
  return sorter.order;
}

/** Sorts positions by one column after the other, each time stably. */
class Sorter {
  order: Uint32Array;
  #keys: Uint32Array;
  #spare: { order: Uint32Array; keys: Uint32Array };

  constructor(length: number) {
    this.order = new Uint32Array(length);
    for (let i = 0; i < length; i++) this.order[i] = i;
    this.#keys = new Uint32Array(length);
    this.#spare = { order: new Uint32Array(length), keys: new Uint32Array(length) };
  }

  sort(column: Uint32Array): void {
    const { order } = this;
    for (let i = 0; i < order.length; i++) this.#keys[i] = column[order[i]!]!;
    for (let shift = 0; shift < WORD_BITS; shift += DIGIT_BITS) this.#sortDigit(shift);
  }

  #sortDigit(shift: number): void {
    const { order } = this;
    const keys = this.#keys;
    const counts = countDigits(keys, shift);
    if (counts.includes(keys.length)) return;
    const next = startsOf(counts);
    const into = this.#spare;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const at = next[(key >>> shift) & (DIGITS - 1)]!++;
      into.keys[at] = key;
      into.order[at] = order[i]!;
    }
    this.#spare = { order, keys };
    this.order = into.order;
    this.#keys = into.keys;
  }
}

function countDigits(keys: Uint32Array, shift: number): Uint32Array {
  const counts = new Uint32Array(DIGITS);
  for (let i = 0; i < keys.length; i++) counts[(keys[i]! >>> shift) & (DIGITS - 1)]!++;
  return counts;
}

function startsOf(counts: Uint32Array): Uint32Array {
  const starts = new Uint32Array(counts.length);
  for (let i = 1; i < counts.length; i++) starts[i] = starts[i - 1]! + counts[i - 1]!;
  return starts;
}

function settleTies(
  order: Uint32Array,
  columns: readonly Uint32Array[],
  compare: (a: number, b: number) => number,
): void {
  const tied = (a: number, b: number) => columns.every((column) => column[a] === column[b]);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && tied(order[begin]!, order[end]!)) end++;
    if (end - begin > 1) order.subarray(begin, end).sort(compare);
    begin = end;
  }
}
