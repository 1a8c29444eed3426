/** Announcements: new items and keys spread over gossip, numbered so that a receiver sees gaps. */

export type { AnnouncedKey } from './codec.ts';
export {
  type AnnounceOptions,
  announceTopic,
  DEFAULT_ANNOUNCE_OPTIONS,
} from './constants.ts';
export type { Gossip, GossipMessage, GossipValidator, GossipVerdict } from './gossip.ts';
export type { Gap } from './sequences.ts';
export {
  type Announce,
  type AnnounceEvents,
  type AnnounceInit,
  type AnnouncementOrigin,
  AnnounceService,
  type AnnounceTotals,
} from './service.ts';
