/** For tests alone: the parts of this room that they look at from inside. */

export { ByteReader } from './byte-reader.ts';
export { within } from './deadline.ts';
export { Limiter, Limiters, type Release } from './limiter.ts';
export {
  countBytes,
  encodeCount,
  MAX_COUNT_BYTES,
  readVarint,
  varintBytes,
  writeVarint,
} from './varint.ts';
