/**
 * Parts that the Commonware and Negentropy dialects share: ranges of a message, turns and LEB128.
 */

export { MAX_VARINT_BYTES, readVarint, varintBytes, writeVarint } from './leb128.ts';
export type { DecodeLimits, FingerprintRange, ListRange, MessageRange } from './message-range.ts';
export { Turns } from './turns.ts';
