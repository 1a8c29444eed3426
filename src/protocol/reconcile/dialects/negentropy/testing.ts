/** For tests alone: the parts of this room that they look at from inside. */

export { MIN_FRAME_BYTES } from './constants.ts';
export { Learner } from './learner.ts';
export { fingerprintOf, MessageBuilder, pieces } from './message-builder.ts';
export { MessageReader } from './reader.ts';
export { cutsOf, splitRange } from './split.ts';
export { readVarint, writeVarint } from './varint.ts';
export { MessageWriter } from './writer.ts';
