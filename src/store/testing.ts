/** For tests alone: the parts of this room that they look at from inside. */

export { readU64LE } from './bytes.ts';
export { IdIndex } from './id-index.ts';
