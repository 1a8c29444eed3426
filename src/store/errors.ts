/** The codes of `StoreError`; they are stable. */
export type StoreErrorCode =
  | 'INVALID_HINT'
  | 'INVALID_ID'
  | 'INVALID_BOUND'
  | 'INVALID_LIMIT'
  | 'INVALID_PAYLOAD'
  | 'INVALID_LIST'
  | 'INVALID_INIT'
  | 'INVALID_SIZE'
  | 'INVALID_NAME'
  | 'INVALID_ORDER'
  | 'INVALID_SCHEME'
  | 'ID_MISMATCH'
  | 'ID_UNPROVED'
  | 'ITEM_TOO_LARGE'
  | 'RANK_OUT_OF_RANGE'
  | 'DUPLICATE_KEY'
  | 'NOT_SEALED'
  | 'SEALED'
  | 'SNAPSHOT_RELEASED'
  | 'SNAPSHOT_EXPIRED'
  | 'SET_FULL'
  | 'TOO_MANY_ITEMS'
  | 'DISK_FULL'
  | 'STORE_CLOSED'
  | 'STORE_LOCKED'
  | 'STORE_IN_USE'
  | 'STORE_OPEN_FAILED'
  | 'STORE_CORRUPT'
  | 'STORE_WRITE_FAILED'
  | 'STORE_REBUILDING'
  | 'STORE_UNAVAILABLE'
  | 'UNSUPPORTED_SCHEMA'
  | 'NEEDS_NODE';

/** Every error the store raises on purpose. `code` is stable; `message` says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
