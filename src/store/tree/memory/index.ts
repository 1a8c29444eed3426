/** The tree in memory. */

export { MemoryTree } from './memory-tree.ts';
