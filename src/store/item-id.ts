import { type Bytes, bytesToHex, equalBytes } from './bytes.ts';
import { StoreError } from './errors.ts';
import { checkHint, checkId, checkKey, checkPayload, ID_BYTES, type Item } from './item.ts';
import { blake3 } from './kernel/index.ts';

const deriveItemId = blake3.deriveKey('rangemesh item v1');
/** The hint being hashed. Shared, because a typed array costs as much as hashing a short item. */
const hintBytes = new Uint8Array(8);
const hintView = new DataView(hintBytes.buffer);
/** The id that verifying computes; shared for the same reason. */
const verified = new Uint8Array(ID_BYTES);

/**
 * The id the daemon gives a payload under a hint: BLAKE3 derive_key("rangemesh item v1") over the
 * hint as 8 little-endian bytes, then the payload. Throws `INVALID_HINT` or `INVALID_PAYLOAD`.
 */
export function itemId(hint: bigint, payload: Uint8Array): Bytes {
  checkHint(hint);
  checkPayload(payload);
  return hashItem(hint, payload);
}

/** `itemId` without its checks: for what was checked, and for what a damaged database holds. */
export function hashItem(hint: bigint, payload: Uint8Array): Bytes {
  hintView.setBigUint64(0, hint, true);
  return deriveItemId(hintBytes, payload);
}

/** Ids that share their memory: its view costs less than an array of its own, and one that is kept keeps all. */
const SHARED_IDS = 64;

/** `hashItem` of each item. */
export function hashItems(items: readonly Pick<Item, 'hint' | 'payload'>[]): Bytes[] {
  if (items.length === 1) return [hashItem(items[0]!.hint, items[0]!.payload)];
  let shared = new Uint8Array(0);
  return items.map(({ hint, payload }, at) => {
    const place = at % SHARED_IDS;
    if (place === 0) shared = new Uint8Array(ID_BYTES * Math.min(SHARED_IDS, items.length - at));
    const id = shared.subarray(ID_BYTES * place, ID_BYTES * (place + 1));
    hashInto(id, hint, payload);
    return id;
  });
}

/** Said by those who have computed the id, or found it equal. */
const HASHED: unique symbol = Symbol('hashed');

/**
 * An item whose id commits to its hint and payload. Only hashing makes it, so its receiver need not hash
 * again. Its bytes must not be changed.
 */
class VerifiedItem implements Item {
  readonly hint: bigint;
  readonly id: Uint8Array;
  readonly payload: Uint8Array;
  readonly #proved = true;

  /** `HASHED` never leaves this file, so that no item lends its constructor to others. */
  constructor({ hint, id, payload }: Item, key: typeof HASHED) {
    if (key !== HASHED) throw new StoreError('ID_UNPROVED', 'verifyItem makes verified items');
    this.hint = hint;
    this.id = id;
    this.payload = payload;
  }

  static isOne(item: Item): item is VerifiedItem {
    return typeof item === 'object' && item !== null && #proved in item;
  }
}

export type { VerifiedItem };

/** Throws `INVALID_HINT`, `INVALID_ID`, or `ID_MISMATCH` unless the id commits to hint and payload. */
export function verifyItem(item: Item): VerifiedItem {
  checkKey(item);
  checkPayload(item.payload);
  hashInto(verified, item.hint, item.payload);
  if (equalBytes(verified, item.id)) return new VerifiedItem(item, HASHED);
  throw new StoreError(
    'ID_MISMATCH',
    `item ${bytesToHex(item.id)} does not hash to its id: its hint or its bytes were changed on the way`,
  );
}

/**
 * The item that hint and payload make; its id is written to `id`, 32 bytes, and must stay as it is. Throws
 * `INVALID_HINT` or `INVALID_PAYLOAD`.
 */
export function identifyItem(hint: bigint, payload: Uint8Array, id: Uint8Array): VerifiedItem {
  checkHint(hint);
  checkPayload(payload);
  checkId(id);
  hashInto(id, hint, payload);
  return new VerifiedItem({ hint, id, payload }, HASHED);
}

function hashInto(id: Uint8Array, hint: bigint, payload: Uint8Array): void {
  hintView.setBigUint64(0, hint, true);
  deriveItemId.into(id, hintBytes, payload);
}

/** Throws `ID_UNPROVED` unless `verifyItem` made the item. */
export function checkVerified(item: Item): void {
  if (VerifiedItem.isOne(item)) return;
  const name = item?.id instanceof Uint8Array ? `item ${bytesToHex(item.id)}` : 'this value';
  throw new StoreError('ID_UNPROVED', `${name} was not verified: pass what verifyItem returns`);
}
