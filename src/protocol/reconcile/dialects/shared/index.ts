/** Parts that dialects share: ranges of a message, turns, work in slices, short bounds, checks of limits. */

export { checkDigests, checkLeast, checkLimits, checkSession, takeFrame } from './checks.ts';
export type { DecodeLimits, FingerprintRange, ListRange, MessageRange } from './message-range.ts';
export { checkMessageBytes } from './message-range.ts';
export { EXPAND_COST, FINGERPRINT_COST, LOOKUP_COST, Meter, RANK_COST } from './meter.ts';
export { boundAt, shortestBound } from './shortest-bound.ts';
export { type Slices, TurnSession, type TurnSessionInit } from './turn-session.ts';
