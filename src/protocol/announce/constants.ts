import { protocolId } from '../protocol-id.ts';

/** Version at the end of the topic `/rangemesh/<network>/announce/1`. */
export const ANNOUNCE_VERSION = 1;

/** Longest frame, sent and accepted, in bytes. The same for all nodes of a network. */
export const MAX_FRAME_BYTES: number = 64 * 1024;

/** Records of a frame, sent and accepted. The same for all nodes of a network. */
export const MAX_RECORDS = 1_024;

/** The topic on which a network's new items go out. Throws `INVALID_NETWORK_NAME`. */
export function announceTopic(networkName: string): string {
  return protocolId(networkName, 'announce', ANNOUNCE_VERSION);
}

/** Most that `inlineBytes` may be: an item in a frame of its own, with room to spare. */
export const MAX_INLINE_BYTES: number = 32 * 1024;

/** Milliseconds whose bytes may be published at once. */
export const BURST_MS = 1_000;

/** Seconds whose messages may come at once. */
export const BURST_SECONDS = 5;

/** Bytes that a copy counts beyond its own. */
export const COPY_BYTES = 512;

/** A message that brings nothing new counts as so many. */
export const REPEAT_COST = 5;

/** Milliseconds of upload owed to the budget of bytes above which items are left to sessions. */
export const MAX_DEBT_MS = 1_000;
