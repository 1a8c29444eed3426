import { ID_BYTES } from '../item.ts';
import { type Coding, checkOf, eachCell } from './coding.ts';
import { sipHash13 } from './siphash.ts';

/** Coding in plain TypeScript: the readable reference. */
export const codingReference: Coding = {
  shortIds(key, ids, into, at) {
    for (let i = 0; i < ids.length / ID_BYTES; i++) {
      const hash = sipHash13(key, ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES));
      const low = Number(hash & 0xffff_ffffn);
      const high = Number(hash >> 32n);
      into[2 * (at + i)] = (low & 0xffff0000) | checkOf(high, low >>> 16);
      into[2 * (at + i) + 1] = high;
    }
  },

  toggle(cells, shorts, { begin, end, first, last }) {
    for (let i = begin; i < end; i++) {
      const low = shorts[2 * i]!;
      const high = shorts[2 * i + 1]!;
      eachCell(low, high, { first, last }, (cell) => {
        cells[2 * cell]! ^= low;
        cells[2 * cell + 1]! ^= high;
      });
    }
  },

  weigh(buckets, shorts, begin, end) {
    for (let i = begin; i < end; i++) {
      const high = shorts[2 * i + 1]!;
      buckets[high >>> 25]! += 1 - ((high >>> 23) & 2);
    }
  },
};
