/** For tests alone: the parts of this room that they look at from inside. */

export { lowOf } from './short-id.ts';
export { sipHash13 } from './siphash.ts';
