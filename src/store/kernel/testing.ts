/** For tests alone: the parts of this room that they look at from inside. */

export { blake3Kernel, blake3Reference } from './blake3.ts';
export { kernel } from './kernel.ts';
