/** For tests alone: the parts of this room that they look at from inside. */

export { decodeFrame, encodeFrame, encodeRecord } from './codec.ts';
export { Holds } from './holds.ts';
export { AnnounceOutbox } from './outbox.ts';
export { Publisher } from './publisher.ts';
export { Sequences } from './sequences.ts';
