import { ID_BYTES } from '../item.ts';
import { type Coding, eachCell } from './coding.ts';
import { FIRST_BYTES, lowOf } from './short-id.ts';
import { sipHash13 } from './siphash.ts';

/** Coding in plain TypeScript: the readable reference. */
export const codingReference: Coding = {
  shortIds(key, ids, into, at, form) {
    for (let i = 0; i < ids.length / ID_BYTES; i++) {
      const id = Uint8Array.from(ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES));
      const first = new DataView(id.buffer).getUint32(0, true);
      if (form !== 'hash') id.fill(0, 0, FIRST_BYTES);
      const hash = sipHash13(key, id);
      const high = Number(hash >> 32n) ^ (form === 'hash' ? 0 : first);
      into[2 * (at + i)] = lowOf(high, Number(hash & 0xffff_ffffn), form);
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
