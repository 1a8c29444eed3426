/** For tests alone: the parts of this room that they look at from inside. */

export { decodeAnswer, encodeAnswer } from './codec.ts';
export { PEER_ANSWERS, REPEAT_MS, RETRY_MS } from './constants.ts';
