import {
  type Clock,
  checkClock,
  checkPort,
  type ItemKey,
  type Random,
  type VerifiedItem,
} from '../../store/index.ts';
import type { AnnouncedKey } from './codec.ts';
import type { GossipMessage } from './gossip.ts';
import type { Gap } from './sequences.ts';

/** The publisher of an announcement, and the peer that passed it on. */
export type AnnouncementOrigin = Pick<GossipMessage, 'publisher' | 'from'>;

/** Called with announcements as they come. */
export interface AnnounceEvents {
  /** Whether an item is here, on disk. */
  holds(id: Uint8Array): boolean;
  /** Items not held here, with proved ids. False if they are not taken; a session finds them. */
  items(items: readonly VerifiedItem[], origin: AnnouncementOrigin): boolean;
  /** Keys of items not held here, which `origin.from` has. Returns the keys to fetch. */
  keys(keys: readonly AnnouncedKey[], origin: AnnouncementOrigin): readonly ItemKey[];
  /** The items that `keys` returned are here, and the announcement goes on to others. */
  passedOn(keys: readonly ItemKey[]): void;
  /** A publisher's announcements were missed: a session is to find their items. */
  gap(gap: Gap): void;
  /**
   * The bytes of an announcement are wrong, and `from` passed it on: no honest peer does.
   * @default nothing follows
   */
  wrong?(origin: AnnouncementOrigin): void;
}

const EVENTS = ['holds', 'items', 'keys', 'passedOn', 'gap'];

/** Throws `INVALID_INIT` unless announcements have their clock, randomness and events. */
export function checkParts(init: { clock: Clock; random: Random; events: AnnounceEvents }): void {
  checkClock(init.clock);
  checkPort('random', init.random, ['bytes', 'fraction']);
  checkPort('events', init.events, EVENTS);
}
