import type { AbstractSnapshot } from 'abstract-level';
import { bytesToKey, equalBytes, readU64BE } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import {
  behind,
  type Database,
  lastRecord,
  plain,
  RecordError,
  readSync,
  viewsOf,
  type WalkOptions,
  walk,
} from '../../level/index.ts';
import { type ArrivedItem, LoggedArrivals, type SetKeys, type SetState } from '../records/index.ts';

/** Where an order of arrival lies, and how far it goes. */
export interface OrderPlace {
  readonly database: Database;
  readonly keys: SetKeys;
  readonly state: Pick<SetState, 'order' | 'arrivals' | 'arrivalsBegin' | 'floor'>;
  readonly snapshot?: AbstractSnapshot;
}

/** A record of arrivals, and the place of its first entry. */
export interface FoundArrival {
  readonly first: number;
  readonly arrivals: LoggedArrivals;
}

/**
 * The records of an order of arrival, from that which holds the place `wanted` on, or else from the first that is
 * still there. Throws `STORE_CORRUPT` at a record that is damaged, and unless every place up to the last is there.
 *
 * @param records Most records read ahead. Fewer spare reading for a short page. @default 1_000
 */
export async function* readArrivals(
  place: OrderPlace,
  wanted = 1,
  records = 1_000,
): AsyncGenerator<FoundArrival, void> {
  const { database, keys, state, snapshot } = place;
  const from = Math.max(wanted, state.arrivalsBegin);
  if (from > state.arrivals) return;
  // A record may have thousands of entries, of which a page takes a few.
  const options: WalkOptions = {
    records,
    grows: true,
    ...(snapshot !== undefined && { snapshot }),
  };
  const before = { gte: keys.arrivals(state.order, 0), lt: keys.arrivals(state.order, from + 1) };
  const [begin] = (await lastRecord(database, before, { ...options, values: false })) ?? [];
  if (begin === undefined) throw missing(from);
  const first = seqOf(begin);
  // By itself: an iterator keeps the records of its last step outside the heap until the heap is collected.
  const value = readSync(database, begin, viewsOf(snapshot));
  if (value === undefined) throw missing(first);
  const arrivals = decode(plain(value), first);
  yield { first, arrivals };
  let next = first + arrivals.length;
  if (next <= from) throw missing(next);
  const range = { gte: behind(begin), lt: keys.orderOf(state.order).lt };
  if (next > state.arrivals) return;
  for await (const page of walk(database, range, options)) {
    for (const [key, value] of page) {
      if (next > state.arrivals) return;
      if (seqOf(key) !== next) throw missing(next);
      const arrivals = decode(value, next);
      yield { first: next, arrivals };
      next += arrivals.length;
    }
  }
  if (next <= state.arrivals) throw missing(next);
}

/** The entry of a place; undefined for a place that was not given, or is trimmed. Throws like `readArrivals`. */
export async function readArrival(
  place: OrderPlace,
  seq: number,
): Promise<(ArrivedItem & { readonly at: number }) | undefined> {
  if (seq < place.state.arrivalsBegin) return undefined;
  for await (const { first, arrivals } of readArrivals(place, seq, 1)) {
    return { ...arrivals.item(seq - first), at: arrivals.at };
  }
  return undefined;
}

/**
 * The places of those of `ids` that are in the order, by `bytesToKey`. Looks at the places that are
 * supposed, and reads the whole order for ids that are not there.
 */
export async function findArrivals(
  place: OrderPlace,
  ids: readonly { readonly id: Uint8Array; readonly supposed: number }[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const left = new Set<string>();
  for (const { id, supposed } of ids) {
    const entry = await readArrival(place, supposed);
    if (entry !== undefined && equalBytes(entry.id, id)) found.set(bytesToKey(id), supposed);
    else left.add(bytesToKey(id));
  }
  if (left.size === 0) return found;
  for await (const { first, arrivals } of readArrivals(place)) {
    for (let i = 0; i < arrivals.length; i++) {
      const key = bytesToKey(arrivals.id(i));
      if (left.has(key)) found.set(key, first + i);
    }
  }
  return found;
}

/**
 * Compares the end of the order of arrival with the state, by its last record. Throws `STORE_CORRUPT`
 * unless they agree.
 */
export async function checkEnd(
  place: OrderPlace & { readonly state: Pick<SetState, 'commit'> },
): Promise<void> {
  const { database, keys, state, snapshot } = place;
  const { order, arrivals: last, arrivalsBegin, commit } = state;
  const options = snapshot === undefined ? {} : { snapshot };
  const record = await lastRecord(database, keys.orderOf(order), options);
  const first = record === undefined ? 0 : seqOf(record[0]);
  const arrivals = record && decode(record[1], first);
  const end = arrivals === undefined ? arrivalsBegin - 1 : first + arrivals.length - 1;
  if (end !== last)
    throw corruptOrder(`the order of arrival ends with the place ${end}, not ${last}`);
  if (arrivals === undefined || arrivals.commit <= commit) return;
  throw corruptOrder(
    `the order of arrival ends with commit ${arrivals.commit}, the state with ${commit}`,
  );
}

function decode(value: Uint8Array, first: number): LoggedArrivals {
  try {
    return new LoggedArrivals(value);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw corruptOrder(`the record of arrivals from place ${first} on ${error.message}`);
  }
}

function missing(seq: number): StoreError {
  return corruptOrder(`place ${seq} of the order of arrival is missing`);
}

function corruptOrder(problem: string): StoreError {
  return new StoreError('STORE_CORRUPT', problem);
}

function seqOf(key: Uint8Array): number {
  return Number(readU64BE(key, key.length - 8));
}
