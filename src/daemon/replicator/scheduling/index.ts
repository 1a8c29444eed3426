/**
 * Scheduling: when a peer is due for a session, which kind of session it gets, and which statements
 * its sessions have proved.
 */

export { Arrivals } from './arrivals.ts';
export { isOwnTrouble, outcome } from './outcome.ts';
export { type PushedChanges, SessionScheduler } from './scheduler.ts';
export { Sessions } from './sessions.ts';
export { PeerStatements, type Statement, type Statements } from './statements.ts';
