import { StoreError } from '../../errors.ts';
import { compareBounds, isBound } from '../../item.ts';
import type { SetKeys } from '../records/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import type { IdLookup } from './id-lookup.ts';
import { type RangeInit, type RangePage, readRange } from './range-page.ts';

export interface RangeReaderInit {
  readonly keys: SetKeys;
  readonly lifecycle: SetLifecycle;
  readonly lookup: IdLookup;
}

/** Reads the items of ranges in key order. */
export class RangeReader {
  readonly #init: RangeReaderInit;

  constructor(init: RangeReaderInit) {
    this.#init = init;
  }

  /** See `Replica.range`. Rejects with `INVALID_BOUND`, `INVALID_LIMIT`, or as `Replica.snapshot` throws. */
  async page(init: RangeInit): Promise<RangePage> {
    checkRange(init);
    const { keys, lifecycle, lookup } = this.#init;
    const database = await lifecycle.reader();
    const snapshot = lifecycle.use().snapshot(lookup.absence());
    try {
      return await readRange({ database, keys, snapshot, floor: lifecycle.state.floor }, init);
    } finally {
      snapshot.release();
    }
  }
}

function checkRange({ lower, upper, maxItems }: RangeInit): void {
  if (!isBound(lower) || !isBound(upper) || compareBounds(lower, upper) > 0) {
    const advice = 'give two bounds, { hint, id }: the lower first, then the upper';
    throw new StoreError('INVALID_BOUND', `a range needs bounds in order: ${advice}`);
  }
  if (Number.isInteger(maxItems) && maxItems > 0) return;
  const advice = 'give a whole number above 0';
  throw new StoreError('INVALID_LIMIT', `a page cannot have ${maxItems} items: ${advice}`);
}
