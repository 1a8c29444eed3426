import {
  encodeEnd,
  packItems,
  partDigest,
  type RangeQuery,
} from '../../../../src/protocol/fetch/range/testing.ts';
import {
  type Bound,
  concatBytes,
  INFINITE_BOUND,
  type Item,
  ZERO_BOUND,
} from '../../../../src/store/index.ts';
import { itemOf } from '../world.ts';

export const NONCE: Uint8Array = new Uint8Array(16).fill(7);

export const QUERY: RangeQuery = {
  nonce: NONCE,
  lower: ZERO_BOUND,
  upper: INFINITE_BOUND,
  maxBytes: 32 * 1024,
};

export const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });

/** Items in key order, `size` bytes each. */
export function itemsOf(count: number, size = 100): Item[] {
  return Array.from({ length: count }, (_, i) => itemOf(i + 1, size));
}

/** The frames of one part that ends at `end`. */
export function partOf(
  items: readonly Item[],
  end: Bound = QUERY.upper,
  nonce: Uint8Array = NONCE,
): Uint8Array[] {
  const ids = concatBytes(...items.map(({ id }) => id));
  const digest = partDigest(nonce, ids);
  return [...packItems({ records: items }), encodeEnd({ count: items.length, digest, end })];
}
