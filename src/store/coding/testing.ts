/** For tests alone: the parts of this room that they look at from inside. */

export { sipHash13 } from './siphash.ts';
