import { concatBytes, readU32BE, readU64BE, writeU32BE, writeU64BE } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import { checkKey, ID_BYTES, type Item, type ItemKey } from '../item.ts';

/**
 * How a replica lies in its database. Every key begins with the name of its tree:
 *
 *     item/ hint (u64 BE) id       payload
 *     id/   id                     hint (u64 BE), payload length in bytes (u64 BE)
 *     meta/ "schema"               version (u32 BE)
 *     meta/ "totals"               items (u64 BE), payload bytes (u64 BE)
 *
 * Payloads lie in key order, so that reading a range of the set reads the disk in order; the id tree
 * holds all the index needs, so that opening reads no payload.
 */
export const SCHEMA_VERSION = 1;

const encoder = new TextEncoder();
const ITEM_TREE: Uint8Array = encoder.encode('item/');
const ID_TREE: Uint8Array = encoder.encode('id/');
const META_TREE: Uint8Array = encoder.encode('meta/');

export const SCHEMA_KEY: Uint8Array = concatBytes(META_TREE, encoder.encode('schema'));
export const TOTALS_KEY: Uint8Array = concatBytes(META_TREE, encoder.encode('totals'));

/** All keys of the id tree. */
export const ID_RANGE: { readonly gte: Uint8Array; readonly lt: Uint8Array } = {
  gte: ID_TREE,
  lt: encoder.encode('id0'),
};

/** What the id tree says of an item. */
export interface ItemHead {
  readonly hint: bigint;
  /** Payload bytes. */
  readonly bytes: number;
}

export interface Totals {
  readonly items: number;
  /** Payload bytes. */
  readonly bytes: number;
}

/** One record of a database. */
export interface StoredRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** All records of a commit that adds `items` and leads to `totals`. */
export function commitRecords(items: readonly Item[], totals: Totals): StoredRecord[] {
  const records = items.flatMap((item) => [
    { key: itemKey(item), value: item.payload },
    { key: idKey(item.id), value: encodeHead({ hint: item.hint, bytes: item.payload.length }) },
  ]);
  records.push({ key: TOTALS_KEY, value: encodeTotals(totals) });
  return records;
}

export function itemKey({ hint, id }: ItemKey): Uint8Array {
  const key = new Uint8Array(ITEM_TREE.length + 8 + ID_BYTES);
  key.set(ITEM_TREE);
  writeU64BE(key, ITEM_TREE.length, hint);
  key.set(id, ITEM_TREE.length + 8);
  return key;
}

export function idKey(id: Uint8Array): Uint8Array {
  return concatBytes(ID_TREE, id);
}

function encodeHead({ hint, bytes }: ItemHead): Uint8Array {
  return encodePair(hint, BigInt(bytes));
}

export function decodeHead(value: Uint8Array): ItemHead {
  const [hint, bytes] = decodePair(value, 'id');
  return { hint, bytes: Number(bytes) };
}

/** One record of the id tree; throws `STORE_CORRUPT` on one no replica writes. */
export function decodeIdRecord(key: Uint8Array, value: Uint8Array): ItemHead & ItemKey {
  const id = key.subarray(ID_TREE.length);
  const head = decodeHead(value);
  try {
    checkKey({ hint: head.hint, id });
  } catch (error) {
    throw corrupt('id', error);
  }
  return { ...head, id };
}

function encodeTotals({ items, bytes }: Totals): Uint8Array {
  return encodePair(BigInt(items), BigInt(bytes));
}

export function decodeTotals(value: Uint8Array): Totals {
  const [items, bytes] = decodePair(value, 'totals');
  return { items: Number(items), bytes: Number(bytes) };
}

export function encodeSchema(version: number): Uint8Array {
  const value = new Uint8Array(4);
  writeU32BE(value, 0, version);
  return value;
}

export function decodeSchema(value: Uint8Array): number {
  if (value.length !== 4) throw corrupt('schema');
  return readU32BE(value, 0);
}

function encodePair(first: bigint, second: bigint): Uint8Array {
  const value = new Uint8Array(16);
  writeU64BE(value, 0, first);
  writeU64BE(value, 8, second);
  return value;
}

function decodePair(value: Uint8Array, record: string): [bigint, bigint] {
  if (value.length !== 16) throw corrupt(record);
  return [readU64BE(value, 0), readU64BE(value, 8)];
}

function corrupt(record: string, cause?: unknown): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    `the database holds a damaged ${record} record: restore the data directory from a copy, or start ` +
      'with an empty one and let the peers refill it',
    { cause },
  );
}
