/** For tests alone: the parts of this room that they look at from inside. */

export { FrameReader } from './bytes.ts';
export { decodeFrame, encodeRecord } from './codec.ts';
export { encodeOpening } from './opening.ts';
export type { NativeRecord } from './records.ts';
