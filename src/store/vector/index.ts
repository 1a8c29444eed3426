/** Sorted vectors in memory: a tree that is summed when a reader asks, and the flat vector. */

export { FlatVector, type FlatVectorInit, orderOf } from './flat/index.ts';
export { SortedVector, type SortedVectorInit } from './sorted-vector.ts';
