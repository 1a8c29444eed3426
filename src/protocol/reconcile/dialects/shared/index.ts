/** Parts that dialects share: ranges of a message, turns, short bounds and checks of limits. */

export { checkDigests, checkLeast } from './checks.ts';
export type { DecodeLimits, FingerprintRange, ListRange, MessageRange } from './message-range.ts';
export { checkMessageBytes } from './message-range.ts';
export { boundAt, shortestBound } from './shortest-bound.ts';
export { TurnSession, type TurnSessionInit } from './turn-session.ts';
