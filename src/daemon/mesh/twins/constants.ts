/** Behind the name of the network, in the protocol id. */
export const TWIN_PROTOCOL: readonly string[] = ['twin', '1'];

/** A proof is the longest frame. */
export const MAX_FRAME_BYTES = 64;

/** Bytes held unread on a channel: more than a whole exchange sends. */
export const WINDOW_BYTES = 256;

/** Milliseconds for a whole exchange, on the node between and on both runs. */
export const EXCHANGE_MS = 10_000;

/** Milliseconds between two introductions of the same identity. */
export const PAUSE_MS = 30_000;

/** Exchanges that all peers together may begin: each costs a signature and a check of one. */
export const EXCHANGES = { perSecond: 4, burstSeconds: 4 } as const;

/** Exchanges that one peer may begin: it asks every 30 seconds if it keeps to the protocol. */
export const PEER_EXCHANGES = { perSecond: 0.2, burstSeconds: 20, maxKeys: 1_024 } as const;
