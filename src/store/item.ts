import { bytesToHex, compareBytes, equalBytes } from './bytes.ts';
import { StoreError } from './errors.ts';
import { blake3 } from './kernel/index.ts';

/** Length of an id in bytes. */
export const ID_BYTES = 32;

/** The reserved hint that stands for infinity; no item may carry it. */
export const INFINITE_HINT: bigint = 2n ** 64n - 1n;

/** Where an item stands in the order: by `hint` (u64), then by `id` (32 bytes, bytewise). */
export interface ItemKey {
  readonly hint: bigint;
  readonly id: Uint8Array;
}

/** A key and the opaque bytes it names. */
export interface Item extends ItemKey {
  readonly payload: Uint8Array;
}

/** A point in the key order. With `id` null it lies below every item of its hint. */
export interface Bound {
  readonly hint: bigint;
  readonly id: Uint8Array | null;
}

export const ZERO_BOUND: Bound = { hint: 0n, id: null };
export const INFINITE_BOUND: Bound = { hint: INFINITE_HINT, id: null };

const deriveItemId = blake3.deriveKey('rangemesh item v1');
/** The hint being hashed; one for all, since a typed array costs as much as hashing a short item. */
const hintBytes = new Uint8Array(8);
const hintView = new DataView(hintBytes.buffer);
/** The id of what is being verified; one for all, for the same reason. */
const verified = new Uint8Array(ID_BYTES);

/** Key order: by hint, then id bytewise. Negative when `a` sorts first. */
export function compareKeys(a: ItemKey, b: ItemKey): number {
  if (a.hint !== b.hint) return a.hint < b.hint ? -1 : 1;
  return compareBytes(a.id, b.id);
}

/** Order of bounds; one without an id sorts below every other of its hint. */
export function compareBounds(a: Bound, b: Bound): number {
  if (a.hint !== b.hint) return a.hint < b.hint ? -1 : 1;
  if (a.id === null || b.id === null) return (a.id === null ? 0 : 1) - (b.id === null ? 0 : 1);
  return compareBytes(a.id, b.id);
}

/**
 * The id the daemon gives a payload under a hint: BLAKE3 derive_key("rangemesh item v1") over the
 * hint as 8 little-endian bytes, then the payload.
 */
export function itemId(hint: bigint, payload: Uint8Array): Uint8Array {
  hintView.setBigUint64(0, hint, true);
  return deriveItemId(hintBytes, payload);
}

/** Throws `ID_MISMATCH` unless the id commits to the item's hint and payload. */
export function verifyItem(item: Item): void {
  checkKey(item);
  hintView.setBigUint64(0, item.hint, true);
  deriveItemId.into(verified, hintBytes, item.payload);
  if (equalBytes(verified, item.id)) return;
  throw new StoreError(
    'ID_MISMATCH',
    `item ${bytesToHex(item.id)} does not hash to its id: its hint or its bytes were changed on the way`,
  );
}

/** Throws `INVALID_HINT` or `INVALID_ID` unless the key can stand in a set. */
export function checkKey(key: ItemKey): void {
  checkHint(key.hint);
  if (key.id.length !== ID_BYTES) {
    throw new StoreError('INVALID_ID', `an id has ${ID_BYTES} bytes, not ${key.id.length}`);
  }
}

/** Throws `INVALID_HINT` unless 0 <= hint < 2^64-1. */
export function checkHint(hint: bigint): void {
  if (hint >= 0n && hint < INFINITE_HINT) return;
  throw new StoreError(
    'INVALID_HINT',
    `hint ${hint} is out of range: give a whole number from 0 to ${INFINITE_HINT - 1n} ` +
      `(${INFINITE_HINT} is reserved as infinity)`,
  );
}
