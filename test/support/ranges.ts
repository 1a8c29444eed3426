import {
  compareBounds,
  concatBytes,
  type Item,
  type RangeInit,
  type RangePage,
} from '../../src/store/index.ts';

/** Serves items in memory as a replica does. */
export function rangeOf(held: readonly Item[]): (init: RangeInit) => Promise<RangePage> {
  return async ({ lower, upper, maxItems, maxBytes, maxItemBytes }) => {
    const inside = held.filter(
      (key) => compareBounds(key, lower) >= 0 && compareBounds(key, upper) < 0,
    );
    let bytes = 0;
    const page = inside.slice(0, maxItems).filter(({ payload }) => {
      const fits = bytes < maxBytes;
      bytes += payload.length;
      return fits;
    });
    const records = page.map(({ hint, id, payload }) =>
      payload.length > maxItemBytes ? { hint, id, length: payload.length } : { hint, payload },
    );
    const next = inside[page.length];
    return { ids: concatBytes(...page.map(({ id }) => id)), records, end: next ?? upper };
  };
}
