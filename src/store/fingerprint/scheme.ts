import { StoreError } from '../errors.ts';

/**
 * A commutative summary of a set of ids: states of equal sets are equal whatever the order of
 * insertion, and states of disjoint sets can be added. States are little-endian byte strings of
 * `stateBytes` bytes, changed in place by the methods that take a `state` first.
 */
export interface FingerprintScheme {
  readonly name: string;
  /** Bytes of one state. */
  readonly stateBytes: number;
  /** The state of the empty set, freshly allocated. */
  empty(): Uint8Array;
  /** Adds every id of `ids` (32 bytes each, concatenated) to `state`. */
  add(state: Uint8Array, ids: Uint8Array): void;
  /** Takes every id of `ids` (32 bytes each, concatenated) away from `state`. */
  subtract(state: Uint8Array, ids: Uint8Array): void;
  /** Adds the set of `other` to `state`. */
  combine(state: Uint8Array, other: Uint8Array): void;
  /** Like `combine` with each of `others`, but faster. */
  combineAll?(state: Uint8Array, others: readonly Uint8Array[]): void;
  /** Takes the set of `other` away from `state`. */
  difference(state: Uint8Array, other: Uint8Array): void;
  /** The bytes on the wire for a set of `count` ids with this state. */
  digest(state: Uint8Array, count: number): Uint8Array;
}

/** Throws `INVALID_SCHEME` unless it is a scheme. */
export function checkScheme(scheme: FingerprintScheme): void {
  if (typeof scheme?.digest === 'function' && scheme.stateBytes > 0) return;
  throw new StoreError(
    'INVALID_SCHEME',
    'a set needs a fingerprint scheme: lthash, sum256, or a composite of them',
  );
}

/** Adds the sets of all `others` to `state`, the quickest way the scheme has. */
export function combineAll(
  scheme: FingerprintScheme,
  state: Uint8Array,
  others: readonly Uint8Array[],
): void {
  if (scheme.combineAll !== undefined) scheme.combineAll(state, others);
  else for (const other of others) scheme.combine(state, other);
}
