/** Scheduling: when a peer gets a session, of which kind, and the statements that it proves. */

export { Arrivals } from './arrivals.ts';
export { isOwnTrouble, outcome } from './outcome.ts';
export { type PushedChanges, SessionScheduler } from './scheduler.ts';
export { Sessions } from './sessions.ts';
export { PeerStatements, type Statement, type Statements } from './statements.ts';
