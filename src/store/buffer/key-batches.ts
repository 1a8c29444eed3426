import { compareKeys, type HeldKey, type ItemKey } from '../item.ts';
import {
  concatRuns,
  interleaved,
  type KeyRun,
  keyAt,
  newRun,
  searchBound,
  sliceRun,
} from '../tree/index.ts';

export const NO_KEYS: KeyRun = newRun(0);

export function keyCount(batches: readonly KeyRun[]): number {
  return batches.reduce((sum, batch) => sum + batch.length, 0);
}

/** All keys of the batches, ascending. */
export function inOrder(batches: readonly KeyRun[]): KeyRun {
  if (batches.length <= 1) return batches[0] ?? NO_KEYS;
  const half = batches.length >>> 1;
  return interleaved(inOrder(batches.slice(0, half)), inOrder(batches.slice(half)));
}

/** Joins the batch with those before it that are no longer: few batches wait, and keys move seldom. */
export function withBatch(tail: readonly KeyRun[], batch: KeyRun): readonly KeyRun[] {
  const last = tail.at(-1);
  if (last === undefined || last.length > batch.length) return [...tail, batch];
  return withBatch(tail.slice(0, -1), interleaved(last, batch));
}

export function pieces(batches: readonly KeyRun[], size: number): KeyRun[] {
  const keys = inOrder(batches);
  const count = Math.ceil(keys.length / size);
  return Array.from({ length: count }, (_, i) =>
    sliceRun(keys, size * i, Math.min(keys.length, size * (i + 1))),
  );
}

/** The keys from `first` to `last`, both included. */
export function keysWithin(batch: KeyRun, first: ItemKey, last: ItemKey): HeldKey[] {
  const { begin, end } = spanOf(batch, first, last);
  return Array.from({ length: end - begin }, (_, i) => keyAt(batch, begin + i));
}

/** All other keys. */
export function keysOutside(batch: KeyRun, first: ItemKey, last: ItemKey): KeyRun {
  const { begin, end } = spanOf(batch, first, last);
  if (begin === end) return batch;
  return concatRuns(sliceRun(batch, 0, begin), sliceRun(batch, end, batch.length));
}

function spanOf(batch: KeyRun, first: ItemKey, last: ItemKey): { begin: number; end: number } {
  const end = searchBound(batch, last);
  const has = end < batch.length && compareKeys(keyAt(batch, end), last) === 0;
  return { begin: searchBound(batch, first), end: has ? end + 1 : end };
}
