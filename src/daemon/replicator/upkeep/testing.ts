/** For tests alone: the parts of this room that they look at from inside. */

export type { Mending } from './refill.ts';
export { decodeWants, encodeWants, MAX_KEPT } from './wants-record.ts';
