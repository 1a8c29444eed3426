/** For tests alone: the parts of this room that they look at from inside. */

export { ByteReader } from './byte-reader.ts';
export { within } from './deadline.ts';
export * from './limiter.ts';
export * from './varint.ts';
