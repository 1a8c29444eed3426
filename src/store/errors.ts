/** The codes of `StoreError`; they are stable. */
export type StoreErrorCode =
  | 'INVALID_HINT'
  | 'HINT_TOO_OLD'
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
  | 'ITEM_REFUSED'
  | 'TOO_MANY_REFUSED'
  | 'RANK_OUT_OF_RANGE'
  | 'DUPLICATE_KEY'
  | 'NOT_SEALED'
  | 'SEALED'
  | 'SNAPSHOT_RELEASED'
  | 'SNAPSHOT_EXPIRED'
  | 'SET_FULL'
  | 'TOO_MANY_ITEMS'
  | 'DISK_FULL'
  | 'FEED_RESET'
  | 'STORE_CLOSED'
  | 'STORE_LOCKED'
  | 'STORE_IN_USE'
  | 'STORE_OPEN_FAILED'
  | 'STORE_CORRUPT'
  | 'STORE_WRITE_FAILED'
  | 'STORE_REBUILDING'
  | 'STORE_UNAVAILABLE'
  | 'UNSUPPORTED_SCHEMA'
  | 'NEEDS_NODE'
  | 'INVARIANT_BROKEN';

/** Every error the store raises on purpose. `code` is stable; `message` says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The order of arrival has begun anew, or never reached the place asked for: read it from the beginning. */
export class FeedResetError extends StoreError {
  /** The running epoch, 16 hexadecimal digits. */
  readonly epoch: string;
  /** Its last place. */
  readonly last: number;

  constructor(epoch: string, last: number) {
    super(
      'FEED_RESET',
      `the order of arrival runs in epoch ${epoch} up to place ${last}: begin again with since=0 in it; ` +
        'items that were listed before may come again',
    );
    this.epoch = epoch;
    this.last = last;
  }
}
