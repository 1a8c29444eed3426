/** For tests alone: the parts of this room that they look at from inside. */

export { boundBytes, encodeMessage, rangeBytes, readMessage, writeBound } from './codec.ts';
export { MIN_MESSAGE_BYTES } from './constants.ts';
export { IntervalSet, locate } from './intervals.ts';
export { Reply } from './reply.ts';
export { CommonwareSession } from './session.ts';
