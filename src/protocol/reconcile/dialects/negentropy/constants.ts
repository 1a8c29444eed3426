import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../options.ts';

export const DIALECT_NAME = 'negentropy';
export const DIALECT_VERSION = 1;

/** First byte of every message: 0x60 + the version. */
export const VERSION_BYTE = 0x61;
export const FIRST_VERSION_BYTE = 0x60;
export const LAST_VERSION_BYTE = 0x6f;

/** Bytes of a fingerprint on the wire. */
export const FINGERPRINT_BYTES = 16;

/** Sub-ranges a differing range is split into; with fewer than twice so many items it is listed. */
export const BUCKETS = 16;

/** Lowest frame size limit there is; 0 is none. */
export const MIN_FRAME_BYTES = 4096;

/**
 * A message is full when it exceeds its limit less this: whatever was begun then still fits, and a
 * skip and the fingerprint of the rest behind it.
 */
export const RESERVED_BYTES = 200;

/** Lowest `maxVisitedItems` taken: one comparison and one split must always be possible. */
export const MIN_VISITED_ITEMS = 1024;

/** What one fingerprint counts for against `maxVisitedItems` at the most: storages keep sums. */
export const MAX_FINGERPRINT_COST = 64;

/**
 * A frame of 256 KiB holds 8,000 ids. Answering the shortest message that asks for everything takes
 * two of that: the frame, and the ids on their way into it.
 */
export const DEFAULT_LIMITS: SessionLimits = {
  ...DEFAULT_SESSION_LIMITS,
  maxMessageBytes: 256 * 1024,
};
