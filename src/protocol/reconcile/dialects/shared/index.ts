/**
 * Parts that the Commonware and Negentropy dialects share: ranges of a message, and turns.
 */

export type { DecodeLimits, FingerprintRange, ListRange, MessageRange } from './message-range.ts';
export { checkMessageBytes } from './message-range.ts';
export { Turns } from './turns.ts';
