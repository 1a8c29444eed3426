/** Verification: compares everything on disk with everything else, without changing it. */

export type * from './types.ts';
export type { VerifyInit } from './verification.ts';
export { verifyReplica } from './verify.ts';
