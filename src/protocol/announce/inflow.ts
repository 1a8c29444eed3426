import type { Clock } from '../../store/index.ts';
import { TokenBuckets } from '../budgets/index.ts';
import { BURST_SECONDS, COPY_BYTES, REPEAT_COST } from './constants.ts';
import type { GossipArrival } from './gossip.ts';
import type { AnnounceOptions } from './options.ts';

/** Bounds the messages and bytes that each peer passes on to us. */
export class GossipInflow {
  readonly #messages: TokenBuckets;
  readonly #bytes: TokenBuckets;

  constructor(clock: Clock, { peerMessagesPerSecond, peerBytesPerSecond }: AnnounceOptions) {
    const rate = (perSecond: number): TokenBuckets =>
      new TokenBuckets({ clock, perSecond, burstSeconds: BURST_SECONDS });
    this.#messages = rate(peerMessagesPerSecond);
    this.#bytes = rate(peerBytesPerSecond);
  }

  /** Whether a message may be looked at. A copy is found at once, and honest neighbours send many. */
  take({ from, bytes, copy }: GossipArrival): boolean {
    if (copy) return this.#bytes.take(from, bytes + COPY_BYTES);
    return this.#bytes.take(from, bytes) && this.#messages.take(from);
  }

  /** The message brought nothing new. */
  repeated({ from }: Pick<GossipArrival, 'from'>): void {
    this.#messages.charge(from, REPEAT_COST - 1);
  }
}
