/** Schemas of the calls by which an operator asks why, and of events. */

export { type DiffLine, diffAnswer, diffBody, diffLine } from './diff.ts';
export { type EventLine, eventLine, eventsQuery } from './events.ts';
export { peerDetails, peerParams, sessionsAnswer } from './sessions.ts';
export { syncedAnswer, syncedQuery } from './synced.ts';
export { wantsAnswer } from './wants.ts';
export { type ItemWhy, itemWhy } from './why.ts';
