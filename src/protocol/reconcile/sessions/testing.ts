/** For tests alone: the parts of this room that they test directly. */

export type { InboundSession } from './peer-channels.ts';
export { PeerLinks } from './peer-links.ts';
export { PeerSession, type SessionContext } from './peer-session.ts';
export { RunningIntervals } from './running-intervals.ts';
export { SessionRun, type SessionRunInit } from './session.ts';
export { SessionItems } from './session-items.ts';
export { Slots } from './slots.ts';
export type { SessionEnvironment } from './types.ts';
