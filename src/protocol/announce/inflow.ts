import type { Clock } from '../../store/index.ts';
import { type PeerWork, TokenBuckets, TotalRate } from '../budgets/index.ts';
import type { Knows } from '../knows.ts';
import { BURST_SECONDS, COPY_BYTES, REPEAT_COST } from './constants.ts';
import type { GossipArrival } from './gossip.ts';
import type { AnnounceOptions } from './options.ts';

export interface InflowInit {
  clock: Clock;
  /**
   * Peers that a quarter of the messages of all peers is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows;
  /**
   * Messages of a peer that owes work are not looked at.
   * @default no peer owes any
   */
  work?: Pick<PeerWork, 'debtMs'>;
}

/** Bounds the messages and bytes that each peer passes on to us, and the messages of all peers. */
export class GossipInflow {
  readonly #work: InflowInit['work'];
  readonly #messages: TokenBuckets;
  readonly #bytes: TokenBuckets;
  readonly #all: TotalRate;

  constructor({ clock, knows, work }: InflowInit, options: AnnounceOptions) {
    const { peerMessagesPerSecond, peerBytesPerSecond, messagesPerSecond } = options;
    const rate = (perSecond: number) => ({ clock, perSecond, burstSeconds: BURST_SECONDS });
    this.#work = work;
    this.#messages = new TokenBuckets(rate(peerMessagesPerSecond));
    this.#bytes = new TokenBuckets(rate(peerBytesPerSecond));
    this.#all = new TotalRate({ ...rate(messagesPerSecond), knows });
  }

  /** Whether a message may be looked at. A copy is found at once, and honest neighbours send many. */
  take(arrival: GossipArrival): boolean {
    const { from, copy } = arrival;
    const paid = this.#takeOwn(arrival) && (this.#work?.debtMs(from) ?? 0) === 0;
    return paid && (copy || this.#all.take(from));
  }

  /** The message brought nothing new. */
  repeated({ from }: Pick<GossipArrival, 'from'>): void {
    this.#messages.charge(from, REPEAT_COST - 1);
  }

  #takeOwn({ from, bytes, copy }: GossipArrival): boolean {
    if (copy) return this.#bytes.take(from, bytes + COPY_BYTES);
    return this.#bytes.take(from, bytes) && this.#messages.take(from);
  }
}
