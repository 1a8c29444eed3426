import { type Bound, ID_BYTES, type ItemKey, type Snapshot } from '../../../../store/index.ts';

/** The shortest bound between the keys at `rank - 1` and `rank`, 0 < rank < size. */
export function boundAt(snapshot: Snapshot, rank: number): Bound {
  return shortestBound(snapshot.select(rank - 1), snapshot.select(rank));
}

/** The shortest bound above `left` and not above `right`, its neighbour. */
export function shortestBound(left: ItemKey, right: ItemKey): Bound {
  if (left.hint !== right.hint) return { hint: right.hint, id: null };
  let shared = 0;
  while (shared < ID_BYTES && left.id[shared] === right.id[shared]) shared++;
  return { hint: right.hint, id: right.id.slice(0, shared + 1) };
}
