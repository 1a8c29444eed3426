import { tryHasMany } from '../../level/index.ts';
import { MAX_ARRIVALS, type SetState } from '../records/index.ts';
import { departed } from './departed.ts';
import { type FoundArrival, type OrderPlace, readArrivals } from './read.ts';

/**
 * The first place whose record is still needed: an item of it is held, or may come back to its place. Looks at
 * some thousand entries at most. Throws like `readArrivals`.
 */
export async function neededFrom(place: OrderPlace): Promise<number> {
  const records: FoundArrival[] = [];
  let entries = 0;
  for await (const record of readArrivals(place, place.state.arrivalsBegin)) {
    records.push(record);
    entries += record.arrivals.length;
    if (entries >= MAX_ARRIVALS) break;
  }
  return firstNeeded(place, records);
}

/** Whether records that a reader of the order as it was before may look for are gone. */
export function trimmedSince(
  before: Pick<SetState, 'order' | 'arrivalsBegin'>,
  now: Pick<SetState, 'order' | 'arrivalsBegin'>,
): boolean {
  return now.order === before.order && now.arrivalsBegin > before.arrivalsBegin;
}

async function firstNeeded(
  { database, keys, snapshot, state }: OrderPlace,
  records: readonly FoundArrival[],
): Promise<number> {
  const entries = records.flatMap(({ first, arrivals }) =>
    Array.from({ length: arrivals.length }, (_, i) => ({ first, ...arrivals.key(i) })),
  );
  const idKeys = entries.map(({ id }) => keys.id(id));
  const held = await tryHasMany(database, idKeys, snapshot);
  const young = entries.filter((entry) => !departed(entry, state));
  const out = await tryHasMany(
    database,
    young.map(({ id }) => keys.refused(id)),
    snapshot,
  );
  const stays = new Set(young.filter((_, i) => !out[i]));
  const needed = entries.find((entry, i) => held[i] || stays.has(entry));
  const last = records.at(-1);
  if (needed !== undefined || last === undefined) return needed?.first ?? state.arrivalsBegin;
  return last.first + last.arrivals.length;
}
