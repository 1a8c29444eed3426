import { bytesToKey } from '../../bytes.ts';
import type { ItemKey } from '../../item.ts';
import { type ReadResult, tryHasMany, tryReadMany } from '../../level/index.ts';
import { placeIn } from '../records/index.ts';
import { departed } from './departed.ts';
import { type FoundArrival, type OrderPlace, readArrivals } from './read.ts';

/** An entry and its id record. */
export interface EntryHead extends ItemKey {
  readonly record: ReadResult;
  /** The place of the entry. */
  readonly seq: number;
}

/** A part of the order of arrival, compared with the items. */
export interface AuditedArrivals {
  /** The place behind the part. */
  readonly next: number;
  /** Entries of items that are held. */
  readonly held: number;
  /** Those whose id records name another place, or cannot be read. */
  readonly misplaced: readonly EntryHead[];
  /** Those of items that are neither held nor in quarantine, and have not left for good. */
  readonly gone: readonly EntryHead[];
}

/** Ids looked up together. */
const TOGETHER = 512;

/**
 * Compares the order of arrival, from the place `from` on, with the id records, the quarantine and the refused
 * items. Throws like `readArrivals`.
 */
export async function* auditArrivals(
  place: OrderPlace,
  from = 1,
): AsyncGenerator<AuditedArrivals, void> {
  for await (const found of readArrivals(place, from)) {
    const { length } = found.arrivals;
    for (let at = Math.max(0, from - found.first); at < length; at += TOGETHER) {
      yield auditPart(place, found, at, Math.min(length, at + TOGETHER));
    }
  }
}

async function auditPart(
  place: OrderPlace,
  { first, arrivals }: FoundArrival,
  begin: number,
  end: number,
): Promise<AuditedArrivals> {
  const { database, keys, snapshot, state } = place;
  const entries = Array.from({ length: end - begin }, (_, i) => ({
    ...arrivals.key(begin + i),
    seq: first + begin + i,
  }));
  const idKeys = entries.map(({ id }) => keys.id(id));
  const records = await tryReadMany(database, idKeys, snapshot);
  const all = entries.map((entry, i): EntryHead => ({ ...entry, record: records[i] }));
  const held = all.filter(({ record }) => record !== undefined);
  const absent = all.filter(({ record }) => record === undefined);
  const aside = await recorded(place, keys.quarantine, absent);
  const refused = await recorded(place, keys.refused, absent);
  const { floor } = state;
  return {
    next: first + end,
    held: held.length,
    misplaced: held.filter(({ record, seq }) => placeIn(record) !== seq),
    gone: absent.filter(({ hint, id }) => {
      if (aside.has(bytesToKey(id))) return false;
      return !departed({ hint, id }, { floor, refused: (of) => refused.has(bytesToKey(of)) });
    }),
  };
}

/** Those of the ids, by `bytesToKey`, that have a record of this kind. */
async function recorded(
  { database, snapshot }: OrderPlace,
  keyOf: (id: Uint8Array) => Uint8Array,
  entries: readonly ItemKey[],
): Promise<ReadonlySet<string>> {
  if (entries.length === 0) return new Set();
  const keys = entries.map(({ id }) => keyOf(id));
  const found = await tryHasMany(database, keys, snapshot);
  return new Set(entries.filter((_, i) => found[i]).map(({ id }) => bytesToKey(id)));
}
