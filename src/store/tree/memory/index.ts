/** Trees in memory, summed with every write or when a reader asks. */

export { HeapSet } from './heap-set.ts';
export { HeapTree } from './heap-tree.ts';
export { type LazyRef, lazyNodes } from './lazy-nodes.ts';
export { MemoryTree } from './memory-tree.ts';
