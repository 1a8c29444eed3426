export const DIALECT_NAME = 'commonware';
export const DIALECT_VERSION = 1;

/** Sub-ranges a differing range is split into; with at most so many items it is listed instead. */
export const BRANCHING_FACTOR = 16;

/** Bytes of a fingerprint on the wire. */
export const FINGERPRINT_BYTES = 32;

/**
 * Lowest `maxMessageBytes` taken: below it a message could be too short for the settled part of the
 * key space, one id and the fingerprint of the rest, and a session would not advance.
 */
export const MIN_MESSAGE_BYTES = 1024;

/** Lowest `maxVisitedItems` taken: one comparison and one sub-range must always be possible. */
export const MIN_VISITED_ITEMS = 1024;

/**
 * What one fingerprint counts for against `maxVisitedItems` at the most: storages keep sums of about
 * so many items, and hash single ids only at the ends of a range.
 */
export const MAX_FINGERPRINT_COST = 64;

export const DEFAULT_MAX_INTERVALS = 65_536;
