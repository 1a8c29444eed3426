/** For tests alone: the parts of this room that they look at from inside. */

export { type MemoryRef, memoryNodes } from './memory-tree.ts';
