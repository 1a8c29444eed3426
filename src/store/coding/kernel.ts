import { ID_BYTES } from '../item.ts';
import { type Kernel, kernel } from '../kernel/index.ts';
import { type Coding, type ShortIdForm, symbolsThrough } from './coding.ts';
import { codingReference } from './reference.ts';
import { lowOf } from './short-id.ts';

/** 32-bit words of an id. */
const WORDS = ID_BYTES / 4;

/** Coding by the WebAssembly kernel, equal to the reference to the bit; null where there is no kernel. */
export const codingKernel: Coding | null = kernel === null ? null : codingBy(kernel);

/** Coding in the fastest form this platform has. */
export const coding: Coding = codingKernel ?? codingReference;

function codingBy(wasm: Kernel): Coding {
  const { window, short, cells: work, buckets: sums, sipKey } = wasm;
  const words = new Uint32Array(window.buffer, window.byteOffset, window.length / 4);
  const firsts = new Uint32Array(window.length / ID_BYTES);

  /** Short ids of the ids in the window, whose first words are hidden and not hashed. */
  function hidden(count: number, form: ShortIdForm): void {
    for (let i = 0; i < count; i++) {
      firsts[i] = words[i * WORDS]!;
      words[i * WORDS] = 0;
    }
    wasm.shortIds(count);
    for (let i = 0; i < count; i++) {
      const high = (short[2 * i + 1]! ^ firsts[i]!) >>> 0;
      short[2 * i] = lowOf(high, short[2 * i]!, form);
      short[2 * i + 1] = high;
    }
  }

  return {
    shortIds(key, ids, into, at, form) {
      sipKey.set(key);
      for (let from = 0; from < ids.length; from += window.length) {
        const some = ids.subarray(from, from + window.length);
        const count = some.length / ID_BYTES;
        window.set(some);
        if (form === 'hash') wasm.shortIds(count);
        else hidden(count, form);
        into.set(short.subarray(0, 2 * count), 2 * (at + from / ID_BYTES));
      }
    },

    toggle(cells, shorts, { begin, end, first, last }) {
      const words = 2 * symbolsThrough(last);
      work.set(cells.subarray(0, words));
      eachWindow(short, shorts, { begin, end }, (count) => wasm.toggle(count, first, last));
      cells.set(work.subarray(0, words));
    },

    weigh(buckets, shorts, begin, end) {
      sums.set(buckets);
      eachWindow(short, shorts, { begin, end }, (count) => wasm.weigh(count));
      buckets.set(sums);
    },
  };
}

function eachWindow(
  window: Uint32Array,
  shorts: Uint32Array,
  { begin, end }: { begin: number; end: number },
  use: (count: number) => void,
): void {
  for (let at = begin; at < end; at += window.length / 2) {
    const count = Math.min(window.length / 2, end - at);
    window.set(shorts.subarray(2 * at, 2 * (at + count)));
    use(count);
  }
}
