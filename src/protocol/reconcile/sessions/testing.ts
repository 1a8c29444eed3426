/** For tests alone: the parts of this room that they look at from inside. */

export { Carrier, type CarrierInit } from './carrier.ts';
export { type MeetingHost, PeerSession, type Visit } from './peer-session.ts';
export { Slots } from './slots.ts';
