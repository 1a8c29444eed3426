/** The state machine of a native session: openings, questions, plans, replies and proofs. */

export { NativeSession } from './session.ts';
