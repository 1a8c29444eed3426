/** For tests alone: the parts of this room that they look at from inside. */

export { Blocks } from './blocks.ts';
export { RunIdLookup } from './id-lookup.ts';
export { sortKeys } from './sort.ts';
export { PrefixSums } from './sums.ts';
