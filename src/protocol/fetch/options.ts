import { DEFAULT_LIMITS } from '../../store/options.ts';

/** Limits of requests, and times to wait. */
export interface FetchOptions {
  /**
   * Longest payload accepted, in bytes. Raising it lets a peer make us hold more at once.
   * @default 16 MiB
   */
  maxItemBytes: number;
  /**
   * Ids in one request frame, sent and accepted. All nodes of a network should agree.
   * @default 1_024
   */
  maxIdsPerFrame: number;
  /**
   * Ids in one request, sent and accepted. All nodes of a network should agree.
   * @default 65_536
   */
  maxIdsPerRequest: number;
  /**
   * Requests at a time to one peer; more wait here. Raising it hides the delay of long links, and
   * costs memory: an item each, or 64 KiB of small ones. Peers answer `servedPerPeer` of them at a time.
   * @default 2
   */
  requestsPerPeer: number;
  /**
   * Requests of one peer answered at a time; more wait unread. Raising it costs memory: an item each,
   * or 28 KiB of small ones.
   * @default 4
   */
  servedPerPeer: number;
  /**
   * Requests of one peer, those that wait included; more are refused.
   * @default 64
   */
  maxInbound: number;
  /**
   * Requests that wait for those before them, of all peers together; more are refused. Raising it costs
   * memory.
   * @default 256
   */
  maxWaiting: number;
  /**
   * Bytes of answers in memory, to all peers together; further answers wait. An item is read whole, and
   * held until the transport has taken its last byte. A quarter is for answers of up to 128 KiB, and one
   * peer gets at most half. A single item may be longer. Raising it serves more large items at a time.
   * @default 64 MiB
   */
  answerBytes: number;
  /**
   * Bytes that a peer must take in a second while answers to other peers wait for memory; else its stream
   * is reset. Raising it frees memory sooner, and refuses slower links.
   * @default 32 KiB
   */
  answerBytesPerSecond: number;
  /**
   * Bytes held unread before the peer is told to wait. Raising it hides slow moments of ours.
   * @default 1 MiB
   */
  receiveWindowBytes: number;
  /**
   * Milliseconds for a stream to open.
   * @default 10_000
   */
  openTimeoutMs: number;
  /**
   * Milliseconds of waiting without progress after which a source counts as stalled. Time that we
   * take to store an item is not counted. Lowering it leaves slow sources sooner.
   * @default 10_000
   */
  stallTimeoutMs: number;
  /**
   * Payload bytes that count as progress within `stallTimeoutMs`; an answered id always does. A
   * peer that trickles less has stalled.
   * @default 16 KiB
   */
  minBytesPerWindow: number;
  /**
   * Milliseconds a responder waits for the next request frame, or for our end of the request.
   * @default 30_000
   */
  requestTimeoutMs: number;
  /**
   * Milliseconds a responder waits for a requester that does not read; it holds an item meanwhile.
   * @default 30_000
   */
  writeTimeoutMs: number;
}

/** The defaults of `FetchOptions`. */
export const DEFAULT_FETCH_OPTIONS: FetchOptions = {
  maxItemBytes: DEFAULT_LIMITS.maxItemBytes,
  maxIdsPerFrame: 1_024,
  maxIdsPerRequest: 65_536,
  requestsPerPeer: 2,
  servedPerPeer: 4,
  maxInbound: 64,
  maxWaiting: 256,
  answerBytes: 64 * 1024 * 1024,
  answerBytesPerSecond: 32 * 1024,
  receiveWindowBytes: 1024 * 1024,
  openTimeoutMs: 10_000,
  stallTimeoutMs: 10_000,
  minBytesPerWindow: 16 * 1024,
  requestTimeoutMs: 30_000,
  writeTimeoutMs: 30_000,
};
