import { pooledBytes, readU64BE, writeU32BE, writeU64BE } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES, INFINITE_HINT, type ItemKey } from '../../item.ts';
import { isBytes, type KeyRangeBytes, type ReadResult } from '../../level/index.ts';
import { type TreeKeys, treeKeys } from '../../tree/index.ts';

/** The version of docs/storage-format.md that this code writes. */
export const SCHEMA_VERSION = 4;

const encoder = new TextEncoder();

/** Holds the version, u32 BE. Outside any set, where every version looks. */
export const SCHEMA_KEY: Uint8Array = encoder.encode('meta/schema');

/**
 * How a set lies in its database. Every key begins with its name and a slash:
 *
 *     <name>/a order seq     items in their order of arrival, both u64 BE, see `ArrivalRecord`
 *     <name>/c               state, see `SetState`
 *     <name>/f               second copy of the floor in the state
 *     <name>/i id            hint, payload bytes, place in the order of arrival, each u64 BE
 *     <name>/l commit u64 BE change of the buffer, see `LogEntry`
 *     <name>/m  /n  /s       the tree, see `TreeKeys`
 *     <name>/p hint id       payload, under hint u64 BE
 *     <name>/q id            a damaged item, see `Quarantined`
 *     <name>/r id            an item that is kept out of the set, see `RefusedRecord`
 *
 * Payloads lie in key order, so that reading a range of the set reads the disk in order.
 */
export interface SetKeys {
  readonly name: string;
  readonly tree: TreeKeys;
  readonly state: Uint8Array;
  /** The second copy of the floor, see `FloorCopy`. */
  readonly floor: Uint8Array;
  /** The record of arrivals that begins with the place `seq`. */
  arrivals(order: bigint, seq: number): Uint8Array;
  /** All records of arrivals in one order. */
  orderOf(order: bigint): KeyRangeBytes;
  /** `into`: an earlier result to write over. @default a new array */
  id(id: Uint8Array, into?: Uint8Array): Uint8Array;
  log(commit: number): Uint8Array;
  /** `into` likewise. */
  item(key: ItemKey, into?: Uint8Array): Uint8Array;
  quarantine(id: Uint8Array): Uint8Array;
  refused(id: Uint8Array): Uint8Array;
  /** Records of arrivals in all orders. */
  readonly orders: KeyRangeBytes;
  readonly ids: KeyRangeBytes;
  readonly logs: KeyRangeBytes;
  readonly items: KeyRangeBytes;
  readonly quarantined: KeyRangeBytes;
  readonly refusedItems: KeyRangeBytes;
  readonly nodes: KeyRangeBytes;
  readonly summaries: KeyRangeBytes;
}

/** The content of an id record. */
export interface ItemHead {
  readonly hint: bigint;
  /** Payload bytes. */
  readonly bytes: number;
}

/** The content of an id record with the item's place in the order of arrival. */
export interface PlacedHead extends ItemHead {
  /** 0 if it is unknown. @default 0 */
  readonly seq?: number;
}

export interface Totals {
  readonly items: number;
  /** Payload bytes. */
  readonly bytes: number;
}

/** What the first schema, and `SCHEMA_KEY`, begin their keys with. */
const RESERVED_NAMES = ['meta', 'id', 'item'];

/** Throws `INVALID_NAME` for a name that is reserved, or that `treeKeys` refuses. */
export function setKeys(name: string): SetKeys {
  if (RESERVED_NAMES.includes(name)) {
    throw new StoreError('INVALID_NAME', `the name '${name}' is reserved: take another`);
  }
  const tree = treeKeys(name);
  const prefix = (suffix: string): Uint8Array => encoder.encode(`${name}/${suffix}`);
  const range = (letter: string): KeyRangeBytes => ({
    gte: prefix(letter),
    lt: prefix(String.fromCharCode(letter.charCodeAt(0) + 1)),
  });
  const arrival = prefix('a');
  const id = prefix('i');
  const log = prefix('l');
  const item = prefix('p');
  const quarantine = prefix('q');
  const refused = prefix('r');
  return {
    name,
    tree,
    state: prefix('c'),
    floor: prefix('f'),
    arrivals: (order, seq) => withPlace(arrival, order, BigInt(seq)),
    orderOf: (order) => ({
      gte: withPlace(arrival, order, 0n),
      lt: withPlace(arrival, order, INFINITE_HINT),
    }),
    id: (of, into) => withId(id, of, into),
    log: (commit) => withNumber(log, BigInt(commit), 0),
    item: (key, into) => {
      const bytes = withNumber(item, key.hint, ID_BYTES, into);
      bytes.set(key.id, bytes.length - ID_BYTES);
      return bytes;
    },
    quarantine: (of) => withId(quarantine, of),
    refused: (of) => withId(refused, of),
    orders: range('a'),
    ids: range('i'),
    logs: range('l'),
    items: range('p'),
    quarantined: range('q'),
    refusedItems: range('r'),
    nodes: range('n'),
    summaries: range('s'),
  };
}

function withId(
  prefix: Uint8Array,
  id: Uint8Array,
  key: Uint8Array = pooledBytes(prefix.length + ID_BYTES),
): Uint8Array {
  key.set(prefix);
  key.set(id, prefix.length);
  return key;
}

function withNumber(
  prefix: Uint8Array,
  number: bigint,
  more: number,
  key: Uint8Array = pooledBytes(prefix.length + 8 + more),
): Uint8Array {
  key.set(prefix);
  writeU64BE(key, prefix.length, number);
  return key;
}

function withPlace(prefix: Uint8Array, order: bigint, seq: bigint): Uint8Array {
  const key = withNumber(prefix, order, 8);
  writeU64BE(key, prefix.length + 8, seq);
  return key;
}

/** The item whose payload lies under `key`; null for a key that no replica writes. */
export function decodeItemKey(keys: SetKeys, key: Uint8Array): ItemKey | null {
  const start = keys.items.gte.length;
  if (key.length !== start + 8 + ID_BYTES) return null;
  const hint = readU64BE(key, start);
  return hint === INFINITE_HINT ? null : { hint, id: key.slice(start + 8) };
}

const HEAD_BYTES = 24;

/** Bytes of an id record of the second schema: its place is unknown. */
const HEAD_BYTES_BEFORE = 16;

/** Whether an id record has a length that is right, in this schema or the one before. */
export function isHead(record: Uint8Array): boolean {
  return record.length === HEAD_BYTES || record.length === HEAD_BYTES_BEFORE;
}

/** `value`: an earlier result to write over. @default a new array */
export function encodeHead(
  { hint, bytes, seq = 0 }: PlacedHead,
  value: Uint8Array = pooledBytes(HEAD_BYTES),
): Uint8Array {
  writeU64BE(value, 0, hint);
  writeU32BE(value, 8, Math.floor(bytes / 2 ** 32));
  writeU32BE(value, 12, bytes);
  writeU32BE(value, 16, Math.floor(seq / 2 ** 32));
  writeU32BE(value, 20, seq);
  return value;
}

export function decodeHead(value: Uint8Array): ItemHead {
  if (!isHead(value)) throw damaged('id record');
  return { hint: readU64BE(value, 0), bytes: Number(readU64BE(value, 8)) };
}

/** The place in the order of arrival that an id record names; 0 if it names none. */
export function placeIn(record: ReadResult): number {
  if (!isBytes(record) || record.length !== HEAD_BYTES) return 0;
  const seq = Number(readU64BE(record, 16));
  return Number.isSafeInteger(seq) ? seq : 0;
}

export function damaged(record: string): StoreError {
  return new StoreError('STORE_CORRUPT', `the database holds a damaged ${record}`);
}
