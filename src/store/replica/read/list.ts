import { StoreError } from '../../errors.ts';
import { type Bound, checkKey, type HeldKey, INFINITE_HINT } from '../../item.ts';
import { rankBehind } from '../../ranks.ts';
import type { Snapshot } from '../../storage.ts';
import type { ListInit } from '../types.ts';

/** Most keys in one page. A higher limit is refused: a page cut short would look like the last. */
export const MAX_LIST_LIMIT = 4_000;

/** @param floor The first hint that is accepted: lower ones are not listed, also while they are still held. */
export function listKeys(snapshot: Snapshot, init: ListInit, floor: bigint): HeldKey[] {
  const { from = 0n, to = INFINITE_HINT, limit = 100, after } = init;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIST_LIMIT) {
    const message = `a limit is a whole number from 1 to ${MAX_LIST_LIMIT}, not ${limit}`;
    throw new StoreError('INVALID_LIMIT', message);
  }
  const first = Math.max(rankOf(snapshot, from), rankOf(snapshot, floor));
  if (after !== undefined) checkKey(after);
  const begin = after === undefined ? first : Math.max(first, rankBehind(snapshot, after));
  const end = Math.min(rankOf(snapshot, to), begin + limit);
  return begin < end ? [...snapshot.keys(begin, end)] : [];
}

function rankOf(snapshot: Snapshot, hint: bigint): number {
  const bound: Bound = { hint, id: null };
  if (typeof hint === 'bigint' && hint >= 0n && hint <= INFINITE_HINT)
    return snapshot.lowerBound(bound);
  throw new StoreError(
    'INVALID_BOUND',
    `the hint ${String(hint)} is none: give a bigint from 0 to ${INFINITE_HINT}`,
  );
}
