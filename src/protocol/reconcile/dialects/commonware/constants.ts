export const DIALECT_NAME = 'commonware';
export const DIALECT_VERSION = 1;

/** Parts of a split; a differing range of at most so many items is listed instead. */
export const BRANCHING_FACTOR = 16;

/** Bytes of a fingerprint on the wire. */
export const FINGERPRINT_BYTES = 32;

/**
 * Lowest `maxMessageBytes`: a message must hold the settled part of the key space, one id and the
 * fingerprint of the rest, or the session would not advance.
 */
export const MIN_MESSAGE_BYTES = 1024;

/** Lowest `maxVisitedItems`: one comparison and one part of a split must be possible. */
export const MIN_VISITED_ITEMS = 1024;

/**
 * The most that one fingerprint counts against `maxVisitedItems`: storages keep sums of about so many
 * items, and hash single ids only at the ends of a range.
 */
export const MAX_FINGERPRINT_COST = 64;

export const DEFAULT_MAX_INTERVALS = 65_536;
