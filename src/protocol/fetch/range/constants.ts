/** Version at the end of the protocol id `/rangemesh/<network>/range/1`. */
export const RANGE_VERSION = 1;

/** Most bytes of a frame that carries items. */
export const RANGE_FRAME_BYTES: number = 64 * 1024;

/** Longest payload that is streamed. Longer items are named, and fetched by id. */
export const MAX_STREAMED_BYTES: number = 32 * 1024;

/** Most keys in one part of an answer, so that an unproved part takes little memory. */
export const PART_ITEMS = 4_096;

/**
 * Keys in one part that this node sends. A part that has begun when its requester dies comes again, so parts of
 * short items are shorter than they may be.
 */
export const SENT_PART_ITEMS = 512;

/** Payload bytes at which a part ends. */
export const PART_BYTES: number = 512 * 1024;

/** Bytes of the number that the requester draws for each request. */
export const NONCE_BYTES = 16;

/** Bytes of the digest over the ids of a part. */
export const DIGEST_BYTES = 16;
