import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../options.ts';

export const DIALECT_NAME = 'negentropy';
export const DIALECT_VERSION = 1;

/** First byte of every message: 0x60 + the version. */
export const VERSION_BYTE = 0x61;
export const FIRST_VERSION_BYTE = 0x60;
export const LAST_VERSION_BYTE = 0x6f;

/** Bytes of a fingerprint on the wire. */
export const FINGERPRINT_BYTES = 16;

/** Parts of a split; a differing range of fewer than twice so many items is listed. */
export const BUCKETS = 16;

/** Lowest frame size limit. */
export const MIN_FRAME_BYTES = 4096;

/** Kept free for the range that was begun, a skip and the fingerprint of the rest. */
export const RESERVED_BYTES = 200;

/** Lowest `maxVisitedItems`: one comparison and one split must be possible. */
export const MIN_VISITED_ITEMS = 1024;

/** The most that one fingerprint counts against `maxVisitedItems`: storages keep sums. */
export const MAX_FINGERPRINT_COST = 64;

/** A frame of 256 KiB holds 8,000 ids. The shortest question for everything takes twice that memory. */
export const DEFAULT_LIMITS: SessionLimits = {
  ...DEFAULT_SESSION_LIMITS,
  maxMessageBytes: 256 * 1024,
};
