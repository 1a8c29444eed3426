/** For tests alone: the parts of this room that they look at from inside. */

export { expand, LTHASH_BYTES } from './lthash.ts';
