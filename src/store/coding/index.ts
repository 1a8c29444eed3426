/** Coded symbols and short ids for set sketches, in the kernel and as a reference in TypeScript. */

export * from './coding.ts';
export { coding, codingKernel } from './kernel.ts';
export { codingReference } from './reference.ts';
