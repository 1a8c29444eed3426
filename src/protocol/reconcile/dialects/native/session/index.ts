/** The state machine of a native session: openings, questions, plans, replies and proofs. */

export { EVERYTHING, NativeSession } from './session.ts';
