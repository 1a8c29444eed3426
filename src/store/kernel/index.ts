/** The WebAssembly kernel and its hashes. It is loaded once and shared. */

export { type Blake3, blake3 } from './blake3.ts';
export { type Kernel, kernel } from './kernel.ts';
