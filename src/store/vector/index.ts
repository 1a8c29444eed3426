/** Sorted vectors in memory: immutable chunks, each of which knows its sum. */

export { Branch } from './branch.ts';
export type { FlatKeys } from './chunk.ts';
export { insertKeys, type Root, removeKeys, rootOf } from './edit.ts';
export { FlatVector, type FlatVectorInit, orderOf } from './flat/index.ts';
export type { Shape } from './part.ts';
export { SortedVector, type SortedVectorInit } from './sorted-vector.ts';
