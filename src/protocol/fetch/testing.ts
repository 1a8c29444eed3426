/** For tests alone: the parts of this room that they look at from inside. */

export { AnswerMemory } from './answer-memory.ts';
export { AnswerReader } from './answer-reader.ts';
export * from './codec.ts';
export { CHUNK_BYTES } from './constants.ts';
export { Responder } from './responder.ts';
export { StallGuard } from './stall-guard.ts';
