/**
 * Scheduling: when a peer gets a session, of which kind, and the statements that it proves. Begin with
 * `scheduler.ts`, which decides that a peer is due; `Sessions.run` then chooses the kind.
 */

export { Arrivals } from './arrivals.ts';
export { isOwnTrouble, outcome } from './outcome.ts';
export { ProofRenewal } from './proof-renewal.ts';
export { type PushedChanges, SessionScheduler } from './scheduler.ts';
export { Sessions } from './sessions.ts';
export { PeerStatements, type Statement, type Statements } from './statements.ts';
