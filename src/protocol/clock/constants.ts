/** Behind the name of the network, in the protocol id. */
export const CLOCK_PROTOCOL: readonly [string, string] = ['clock', '1'];

export const NONCE_BYTES = 8;

/** An answer is the longest frame. */
export const MAX_FRAME_BYTES = 16;

/** Bytes held unread on a channel: more than a whole exchange sends. */
export const WINDOW_BYTES = 64;

/** Milliseconds for a whole exchange. A slower answer tells little of a clock. */
export const EXCHANGE_MS = 10_000;

/** Milliseconds from the connection to the first question: the first session comes before it. */
export const FIRST_MS = 2_000;

/** Milliseconds to the next question after an answer, and after none. */
export const REPEAT_MS = 600_000;
export const RETRY_MS = 60_000;

/** Answers that one peer gets: it asks every minute at most if it keeps to the protocol. */
export const PEER_ANSWERS = { perSecond: 0.1, burstSeconds: 40, maxKeys: 1_024 } as const;

/** Answers that all peers together get. */
export const ANSWERS = { perSecond: 32, burstSeconds: 4, maxKeys: 1 } as const;
