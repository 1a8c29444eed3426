import type { Clock } from '../../store/index.ts';
import { TokenBuckets } from '../budgets/index.ts';
import { BURST_SECONDS, REPEAT_COST } from './constants.ts';
import type { GossipMessage } from './gossip.ts';
import type { AnnounceOptions } from './options.ts';

/** Bounds the messages and bytes that each peer passes on to us. */
export class GossipInflow {
  readonly #messages: TokenBuckets;
  readonly #bytes: TokenBuckets;

  constructor(clock: Clock, { peerMessagesPerSecond, peerBytesPerSecond }: AnnounceOptions) {
    const rate = (perSecond: number): TokenBuckets =>
      new TokenBuckets({ clock, perSecond, burst: BURST_SECONDS * perSecond });
    this.#messages = rate(peerMessagesPerSecond);
    this.#bytes = rate(peerBytesPerSecond);
  }

  /** Whether a message may be looked at. */
  take({ from, data }: GossipMessage): boolean {
    return this.#messages.take(from) && this.#bytes.take(from, data.length);
  }

  /** The message brought nothing new. */
  repeated({ from }: Pick<GossipMessage, 'from'>): void {
    this.#messages.charge(from, REPEAT_COST - 1);
  }
}
