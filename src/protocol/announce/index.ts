/** Announcements: new items and keys spread over gossip, numbered so that a receiver sees gaps. */

export type { AnnouncedKey } from './codec.ts';
export { announceTopic } from './constants.ts';
export type { AnnounceEvents, AnnouncementOrigin } from './events.ts';
export type {
  Gossip,
  GossipAdmission,
  GossipArrival,
  GossipMessage,
  GossipValidator,
  GossipVerdict,
} from './gossip.ts';
export type { AnnounceInit } from './init.ts';
export { type AnnounceOptions, DEFAULT_ANNOUNCE_OPTIONS } from './options.ts';
export type { Gap } from './sequences.ts';
export {
  type Announce,
  AnnounceService,
} from './service.ts';
export type { AnnounceTotals } from './totals.ts';
