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

/** A rate, and a quota of a day where there is one. */
type Rates = readonly [TokenBuckets, ...TokenBuckets[]];

/** Seconds whose bytes a publisher may push at once. */
const PUSH_BURST_S = 4;
const DAY_S = 86_400;

/**
 * Bounds the bytes on disk by which each identity makes this node grow, as the publisher of pushed items
 * and as the peer that brings items. Publishers have tables of their own, since keys to sign with cost
 * nothing. Nothing is lost: sessions bring later what is too much now.
 */
export class ReceivedRates {
  readonly #clock: Clock;
  #publishers: Rates;
  #peers: Rates;

  constructor(init: ReceivedRatesInit) {
    this.#clock = init.clock;
    [this.#publishers, this.#peers] = this.#tables(init);
  }

  /** Takes other rates from now on. All debts are forgotten, and all quotas of the day begin anew. */
  change(rates: Omit<ReceivedRatesInit, 'clock'>): void {
    [this.#publishers, this.#peers] = this.#tables(rates);
  }

  #tables(init: Omit<ReceivedRatesInit, 'clock'>): [publishers: Rates, peers: Rates] {
    const clock = this.#clock;
    const { publisherBytesPerSecond, peerBytesPerSecond, peerBytesPerDay } = init;
    const rates = (perSecond: number, burstSeconds: number): Rates => {
      const rate = new TokenBuckets({ clock, perSecond, burstSeconds });
      if (peerBytesPerDay === 0) return [rate];
      const quota = { perSecond: peerBytesPerDay / DAY_S, burstSeconds: DAY_S };
      return [rate, new TokenBuckets({ clock, ...quota })];
    };
    return [rates(publisherBytesPerSecond, PUSH_BURST_S), rates(peerBytesPerSecond, 1)];
  }

  /** Charges pushed items to their publisher and to the peer that passed them on; false if either is over. */
  push({ publisher, from }: AnnouncementOrigin, bytes: number): boolean {
    if (this.debtMs(from) > 0 || debtMs(this.#publishers, publisher) > 0) return false;
    const [rate, ...quota] = this.#publishers;
    if (!rate.take(publisher, bytes)) return false;
    charge(quota, publisher, bytes);
    this.charge(from, bytes);
    return true;
  }

  /** Charges items that came. */
  charge(peer: string, bytes: number): void {
    charge(this.#peers, peer, bytes);
  }

  /** Milliseconds until the peer may be asked for items; 0: now. */
  debtMs(peer: string): number {
    return debtMs(this.#peers, peer);
  }
}

function charge(rates: readonly TokenBuckets[], identity: string, bytes: number): void {
  for (const buckets of rates) buckets.charge(identity, bytes);
}

function debtMs(rates: readonly TokenBuckets[], identity: string): number {
  return Math.max(...rates.map((buckets) => buckets.debtMs(identity)));
}
