/** For tests alone: the parts of this room that they look at from inside. */

export { within } from './deadline.ts';
export { Limiter, Limiters, type Release } from './limiter.ts';
export {
  decodeCount,
  encodeCount,
  MAX_COUNT_BYTES,
  readVarint,
  varintBytes,
  writeVarint,
} from './varint.ts';
