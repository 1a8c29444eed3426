import type { AbstractSnapshot } from 'abstract-level';
import { equalBytes } from '../../bytes.ts';
import { compareKeys, type ItemKey } from '../../item.ts';
import { verifyItem } from '../../item-id.ts';
import { type Database, isBytes, type ReadResult, tryRead, UNREADABLE } from '../../level/index.ts';
import {
  decodeHead,
  encodeHead,
  type ItemHead,
  isHead,
  placeIn,
  type SetKeys,
} from '../records/index.ts';
import type { FoundItem } from './record-pages.ts';

/** A fault of a record of an item. */
export interface ItemFault {
  readonly code: 'ITEM_MISSING' | 'ITEM_DAMAGED' | 'ID_RECORD' | 'NOT_INDEXED';
  readonly item: ItemKey;
  /** The key of the record. */
  readonly record: Uint8Array;
  readonly message: string;
}

/** An item that reading in order passed over, and that was found by its key in the index. */
export interface PassedOver {
  readonly code: 'PASSED_OVER';
  readonly bytes: number;
}

/**
 * Checks the items of a part of the key space against their ids, the keys of the index there, and their
 * id records, in this order. An item that only the index has is read by its key.
 */
export function* checkItems(
  { database, keys, snapshot }: { database: Database; keys: SetKeys; snapshot?: AbstractSnapshot },
  items: readonly FoundItem[],
  indexed: Iterable<ItemKey>,
): Generator<ItemFault | PassedOver> {
  for (const item of items) yield* payloadFindings(keys, item, item.payload);
  for (const [key, from] of differences(indexed, items)) {
    const record = keys.item(key);
    if (from === 'items') {
      const message = 'the index does not hold this item';
      yield { code: 'NOT_INDEXED', item: key, record, message };
      continue;
    }
    const payload = tryRead(database, record, snapshot);
    yield* payloadFindings(keys, key, payload);
    if (!isBytes(payload)) continue;
    const idRecord = tryRead(database, keys.id(key.id), snapshot);
    yield* idRecordFindings(keys, { ...key, payload, idRecord });
    yield { code: 'PASSED_OVER', bytes: payload.length };
  }
  for (const item of items) yield* idRecordFindings(keys, item);
}

function* payloadFindings(keys: SetKeys, item: ItemKey, payload: ReadResult): Generator<ItemFault> {
  if (isBytes(payload) && isWhole(item, payload)) return;
  const record = keys.item(item);
  const code = payload === undefined ? 'ITEM_MISSING' : 'ITEM_DAMAGED';
  const unread = payload === undefined ? 'is missing' : 'cannot be read';
  const problem = isBytes(payload) ? 'does not hash to the id' : unread;
  yield { code, item, record, message: `the payload ${problem}` };
}

function* idRecordFindings(keys: SetKeys, item: FoundItem): Generator<ItemFault> {
  const problem = idRecordFault(item);
  if (problem === null) return;
  const record = keys.id(item.id);
  yield { code: 'ID_RECORD', item, record, message: `the id record ${problem}` };
}

/** The fault of the id record of an item; null if it has hint and length of the payload. */
export function idRecordFault({ hint, payload, idRecord }: FoundItem): string | null {
  if (idRecord === undefined) return 'is missing';
  if (idRecord === UNREADABLE) return 'cannot be read';
  const right = encodeHead({ hint, bytes: payload.length, seq: placeIn(idRecord) });
  const same = isHead(idRecord) && equalBytes(idRecord, right.subarray(0, idRecord.length));
  return same ? null : 'says something else than the item';
}

export interface Remedy {
  /** `item`: it is put aside. `id record`: it is written again. `index`: it is built again. */
  readonly mend: 'item' | 'id record' | 'index';
  readonly why: string;
}

/**
 * The remedy for an item; null if it is sound or absent.
 *
 * @param indexed Whether the index holds the key.
 */
export function remedyFor(
  key: ItemKey,
  { payload, idRecord }: { readonly payload: ReadResult; readonly idRecord: ReadResult },
  indexed: boolean,
): Remedy | null {
  if (isBytes(payload) && isWhole(key, payload)) {
    if (!indexed) return { mend: 'index', why: 'there is an item that the index does not hold' };
    const fault = idRecordFault({ ...key, payload, idRecord });
    if (fault === null) return null;
    // Its key may have changed to another key, which counts as held: only a rebuild finds that.
    if (idRecord === undefined) return { mend: 'index', why: 'an item has no id record' };
    return { mend: 'id record', why: `the id record ${fault}` };
  }
  if (indexed || isBytes(payload)) return { mend: 'item', why: 'the payload is not whole' };
  if (headOf(idRecord)?.hint !== key.hint) return null;
  return { mend: 'index', why: 'there is an id record of an item that the index does not hold' };
}

/** Decodes an id record; undefined if it is missing or damaged. */
export function headOf(record: ReadResult): ItemHead | undefined {
  return isBytes(record) && isHead(record) ? decodeHead(record) : undefined;
}

/** Whether the id commits to these bytes. */
export function isWhole(key: ItemKey, payload: Uint8Array): boolean {
  try {
    verifyItem({ ...key, payload });
    return true;
  } catch {
    return false;
  }
}

/** The keys that only the index has or only the items have; both ascend. */
function* differences(
  indexed: Iterable<ItemKey>,
  items: readonly ItemKey[],
): Generator<readonly [ItemKey, 'index' | 'items']> {
  let at = 0;
  for (const key of indexed) {
    while (at < items.length && compareKeys(items[at]!, key) < 0) yield [items[at++]!, 'items'];
    if (at < items.length && compareKeys(items[at]!, key) === 0) at++;
    else yield [key, 'index'];
  }
  for (const key of items.slice(at)) yield [key, 'items'];
}
