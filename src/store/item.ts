import { type Bytes, compareBytes } from './bytes.ts';
import { StoreError } from './errors.ts';

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

/** A key that a set gives out. */
export interface HeldKey extends ItemKey {
  readonly id: Bytes;
}

/** An item that a set gives out. */
export interface HeldItem extends HeldKey {
  readonly payload: Bytes;
}

/** A point in the key order. With `id` null it lies below every item of its hint. */
export interface Bound {
  readonly hint: bigint;
  readonly id: Uint8Array | null;
}

/** The lowest bound: everything lies above it. */
export const ZERO_BOUND: Bound = { hint: 0n, id: null };
/** The highest bound: every item lies below it. */
export const INFINITE_BOUND: Bound = { hint: INFINITE_HINT, id: null };

/** Whether it is a bound: a u64, and up to 32 bytes of an id or null. */
export function isBound(bound: Bound | undefined): bound is Bound {
  if (typeof bound?.hint !== 'bigint' || bound.hint < 0n || bound.hint > INFINITE_HINT)
    return false;
  if (bound.id === null) return true;
  return bound.id instanceof Uint8Array && bound.id.length > 0 && bound.id.length <= ID_BYTES;
}

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

/** Throws `INVALID_HINT` or `INVALID_ID` unless the key can stand in a set. */
export function checkKey(key: ItemKey): void {
  checkHint(key?.hint);
  checkId(key.id);
}

/** Throws `INVALID_ID` unless it is an id. */
export function checkId(id: Uint8Array): void {
  if (!(id instanceof Uint8Array)) {
    throw new StoreError('INVALID_ID', `an id is a Uint8Array, not a ${typeof id}: see hexToBytes`);
  }
  if (id.length === ID_BYTES) return;
  throw new StoreError('INVALID_ID', `an id has ${ID_BYTES} bytes, not ${id.length}`);
}

/** Throws `INVALID_PAYLOAD` unless it is bytes. */
export function checkPayload(payload: Uint8Array): void {
  if (payload instanceof Uint8Array) return;
  const advice = 'a TextEncoder makes them of text';
  throw new StoreError('INVALID_PAYLOAD', `a payload is bytes, not a ${typeof payload}: ${advice}`);
}

/** Throws `INVALID_HINT` unless 0 <= hint < 2^64-1. */
export function checkHint(hint: bigint): void {
  if (typeof hint === 'bigint' && hint >= 0n && hint < INFINITE_HINT) return;
  throw new StoreError(
    'INVALID_HINT',
    `hint ${hint} (${typeof hint}) is no hint: give a bigint from 0 to ${INFINITE_HINT - 1n} ` +
      `(${INFINITE_HINT} is reserved as infinity)`,
  );
}
