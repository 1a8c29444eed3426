import { type VerifiedItem, verifyItem } from '../../store/index.ts';
import { ProtocolError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Announcement, decodeFrame } from './codec.ts';
import { MAX_FRAME_BYTES, MAX_RECORDS } from './constants.ts';
import type { GossipMessage } from './gossip.ts';

const LIMITS = { maxFrameBytes: MAX_FRAME_BYTES, maxRecords: MAX_RECORDS };

/** Null if the peer should not have passed it on. */
export function verifyAnnouncement(
  { data, from, publisher }: GossipMessage,
  log: Log,
): Announcement<VerifiedItem> | null {
  try {
    const announcement = decodeFrame(data, LIMITS);
    if (announcement.kind === 'keys') return announcement;
    return { ...announcement, items: announcement.items.map(verifyItem) };
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof ProtocolError ? error.code : 'INVALID_BYTES';
    log.warn({ peer: from, publisher, code, message }, 'an announcement was wrong');
    return null;
  }
}
