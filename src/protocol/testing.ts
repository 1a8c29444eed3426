/** For tests alone: the parts of this room that they look at from inside. */

export { within } from './deadline.ts';
export { Limiter, Limiters, type Release } from './limiter.ts';
export { decodeVarint, encodeVarint, MAX_VARINT_BYTES } from './varint.ts';
