export * from './coding.ts';
export { coding, codingKernel } from './kernel.ts';
export { codingReference } from './reference.ts';
