import { type Bound, ID_BYTES, type ItemKey, type Snapshot } from '../../../../../store/index.ts';

/** The bound that lies between the items before and at `rank`, 0 < rank < size, as short as can be. */
export function boundAt(snapshot: Snapshot, rank: number): Bound {
  return separate(snapshot.select(rank - 1), snapshot.select(rank));
}

/** The shortest bound above `below` and not above `above`, its neighbour. */
function separate(below: ItemKey, above: ItemKey): Bound {
  if (below.hint !== above.hint) return { hint: above.hint, id: null };
  let common = 0;
  while (common < ID_BYTES && below.id[common] === above.id[common]) common++;
  return { hint: above.hint, id: above.id.slice(0, common + 1) };
}
