import type { Bytes } from './bytes.ts';
import { equalBytes } from './bytes.ts';
import { StoreError } from './errors.ts';
import type { ItemKey } from './item.ts';
import type { Snapshot } from './storage.ts';

/** Throws `RANK_OUT_OF_RANGE` unless 0 <= rank < size. */
export function checkRank({ size }: { readonly size: number }, rank: number): void {
  if (Number.isInteger(rank) && rank >= 0 && rank < size) return;
  throw new StoreError(
    'RANK_OUT_OF_RANGE',
    `there is no rank ${rank}: there are ${size} items, ranks start at 0`,
  );
}

/** Throws `RANK_OUT_OF_RANGE` unless 0 <= begin <= end <= size. */
export function checkRange({ size }: { readonly size: number }, begin: number, end: number): void {
  const whole = Number.isInteger(begin) && Number.isInteger(end);
  if (whole && begin >= 0 && begin <= end && end <= size) return;
  throw new StoreError(
    'RANK_OUT_OF_RANGE',
    `[${begin}, ${end}) is no range of ranks: give 0 <= begin <= end <= ${size}`,
  );
}

/** `checkRange` for each two neighbours of `cuts`. */
export function checkCuts(set: { readonly size: number }, cuts: readonly number[]): void {
  for (let i = 1; i < cuts.length; i++) checkRange(set, cuts[i - 1]!, cuts[i]!);
}

export function releasedError(): StoreError {
  return new StoreError('SNAPSHOT_RELEASED', 'this snapshot was released: take a new one');
}

/** Rank of the first key above `key`, which need not be there. */
export function rankBehind(
  set: Pick<Snapshot, 'size' | 'lowerBound' | 'select'>,
  key: ItemKey,
): number {
  const rank = set.lowerBound(key);
  return holdsKey(set, key) ? rank + 1 : rank;
}

/** Whether the set holds exactly this key. */
export function holdsKey(
  set: Pick<Snapshot, 'size' | 'lowerBound' | 'select'>,
  key: ItemKey,
): boolean {
  const rank = set.lowerBound(key);
  if (rank === set.size) return false;
  const found = set.select(rank);
  return found.hint === key.hint && equalBytes(found.id, key.id);
}

/** `Snapshot.idRuns`, in one piece where a storage has no other way. */
export function idRunsOf(snapshot: Snapshot, begin: number, end: number): Iterable<Bytes> {
  return snapshot.idRuns?.(begin, end) ?? [snapshot.ids(begin, end)];
}

/** Releases the snapshot once `read` has returned or thrown. */
export function readOnce<View extends Pick<Snapshot, 'release'>, Result>(
  snapshot: View,
  read: (snapshot: View) => Result,
): Result {
  try {
    return read(snapshot);
  } finally {
    snapshot.release();
  }
}
