/** What the replicator remembers so that an operator can ask why: ended sessions, and gaps of peers. */

export { type IdGap, type PeerGap, PeerGaps } from './peer-gaps.ts';
export { type SessionEntry, SessionLog, type SessionPurpose } from './session-log.ts';
