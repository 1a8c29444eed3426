/** For tests alone: the parts of this room that they test directly. */

export { Carrier, type CarrierInit } from './carrier.ts';
export type { InboundSession } from './peer-channels.ts';
export { PeerSession, type SessionContext } from './peer-session.ts';
export { Slots } from './slots.ts';
