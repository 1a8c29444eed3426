export type * from './types.ts';
export { type VerifyInit, verifyReplica } from './verify.ts';
