/** Bytes of begun frames above 64 KiB, of all peers together: two of the longest. */
export const BEGUN_BYTES: number = 16 * 1024 * 1024;

/** A begun frame up to this length needs no part of them. */
export const FREE_FRAME_BYTES: number = 64 * 1024;

/**
 * Bytes that lie unread on the channels that peers opened to a service, of all peers together. What a
 * paused stream may still get counts too.
 */
export const UNREAD_BYTES: number = 32 * 1024 * 1024;

/** Bytes held unread before the peer is told to wait, unless a service says otherwise. */
export const RECEIVE_WINDOW_BYTES: number = 1024 * 1024;

/** Inbound channels of a protocol one peer may have open, unless a service says otherwise. */
export const MAX_INBOUND = 1;

/**
 * Bytes that a paused libp2p stream may hold. Unless told otherwise, Yamux lets a peer earn a window of up to 16 MiB, and
 * all of it may be on its way when we pause. libp2p's own limit of 4 MiB would kill the stream.
 */
export const PAUSED_STREAM_BYTES: number = 16 * 1024 * 1024 + 256 * 1024;
