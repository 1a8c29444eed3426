import { type AnnouncementOrigin, TokenBuckets } from '../../protocol/index.ts';
import type { Clock } from '../../store/index.ts';
import type { ReplicatorOptions } from './options.ts';

export interface ReceivedRatesInit
  extends Pick<
    ReplicatorOptions,
    'publisherBytesPerSecond' | 'peerBytesPerSecond' | 'peerBytesPerDay'
  > {
  clock: Clock;
}

/** Seconds whose bytes a publisher may push at once. */
const PUSH_BURST_S = 60;
const DAY_S = 86_400;

/**
 * Bounds the bytes on disk by which each identity makes this node grow, as the publisher of pushed items
 * and as the peer that brings items. Nothing is lost: sessions bring later what is too much now.
 */
export class ReceivedRates {
  readonly #publishers: TokenBuckets;
  readonly #peers: readonly TokenBuckets[];

  constructor(init: ReceivedRatesInit) {
    const { clock, publisherBytesPerSecond, peerBytesPerSecond, peerBytesPerDay } = init;
    const rate = (perSecond: number, burstSeconds: number): TokenBuckets =>
      new TokenBuckets({ clock, perSecond, burstSeconds });
    this.#publishers = rate(publisherBytesPerSecond, PUSH_BURST_S);
    this.#peers = [
      rate(peerBytesPerSecond, 1),
      ...(peerBytesPerDay > 0 ? [rate(peerBytesPerDay / DAY_S, DAY_S)] : []),
    ];
  }

  /** Charges pushed items to their publisher and to the peer that passed them on; false if either is over. */
  push({ publisher, from }: AnnouncementOrigin, bytes: number): boolean {
    const parties = [...new Set([publisher, from])];
    if (parties.some((party) => this.debtMs(party) > 0)) return false;
    if (!this.#publishers.take(publisher, bytes)) return false;
    for (const party of parties) this.charge(party, bytes);
    return true;
  }

  /** Charges items that came. */
  charge(peer: string, bytes: number): void {
    for (const buckets of this.#peers) buckets.charge(peer, bytes);
  }

  /** Milliseconds until the peer may be asked for items; 0: now. */
  debtMs(peer: string): number {
    return Math.max(...this.#peers.map((buckets) => buckets.debtMs(peer)));
  }
}
