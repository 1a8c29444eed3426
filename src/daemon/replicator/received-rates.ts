import { type AnnouncementOrigin, TokenBuckets } from '../../protocol/index.ts';
import { BoundedMap, type Clock, storedBytes, type VerifiedItem } from '../../store/index.ts';
import type { ReplicatorOptions } from './options.ts';

type RateOptions = Pick<
  ReplicatorOptions,
  'publisherBytesPerSecond' | 'peerBytesPerSecond' | 'peerBytesPerDay'
>;

type RateCode = 'PEER_RATE' | 'PUBLISHER_RATE';

/** How the items that are put off would have come. */
type Way = 'pushed' | 'fetched';

export interface ReceivedRatesInit extends RateOptions {
  clock: Clock;
  /**
   * Hears of items that are put off, at most once a second for each identity and code.
   * @default nobody does
   */
  over?: (way: Way, code: RateCode) => void;
}

/** A rate, and a quota of a day where there is one. */
type Rates = readonly [TokenBuckets, ...TokenBuckets[]];

/** Seconds whose bytes a publisher may push at once. */
const PUSH_BURST_S = 4;
const DAY_S = 86_400;
const TELL_EVERY_MS = 1_000;
/** Identities over their rates that are remembered; with more, some are told of once more. */
const MAX_TOLD = 1_024;

/**
 * Bounds the bytes on disk by which each identity makes this node grow, as the publisher of pushed items
 * and as the peer that brings items. Publishers have tables of their own, since keys to sign with cost
 * nothing. Nothing is lost: sessions bring later what is too much now.
 */
export class ReceivedRates {
  readonly #clock: Clock;
  readonly #over: NonNullable<ReceivedRatesInit['over']>;
  /** When it was last told that an identity is over its rate, by code and identity. */
  readonly #told = new BoundedMap<string, number>(MAX_TOLD);
  #publishers: Rates;
  #peers: Rates;

  constructor(init: ReceivedRatesInit) {
    this.#clock = init.clock;
    this.#over = init.over ?? (() => undefined);
    [this.#publishers, this.#peers] = this.#tables(init);
  }

  /** Takes other rates from now on. All debts are forgotten, and all quotas of the day begin anew. */
  change(rates: RateOptions): void {
    [this.#publishers, this.#peers] = this.#tables(rates);
  }

  #tables(init: RateOptions): [publishers: Rates, peers: Rates] {
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
    if (this.debtMs(from) > 0) {
      this.#tell('pushed', 'PEER_RATE', from);
      return false;
    }
    const [rate, ...quota] = this.#publishers;
    if (debtMs(this.#publishers, publisher) > 0 || !rate.take(publisher, bytes)) {
      this.#tell('pushed', 'PUBLISHER_RATE', publisher);
      return false;
    }
    charge(quota, publisher, bytes);
    this.charge(from, bytes);
    return true;
  }

  /** Charges bytes on disk. */
  charge(peer: string, bytes: number): void {
    charge(this.#peers, peer, bytes);
  }

  /** Charges items that came. */
  came(peer: string, items: readonly VerifiedItem[]): void {
    const payloadBytes = items.reduce((sum, { payload }) => sum + payload.length, 0);
    this.charge(peer, storedBytes(items.length, payloadBytes));
  }

  /** Milliseconds until the peer may be asked for items; 0: now. */
  debtMs(peer: string): number {
    return debtMs(this.#peers, peer);
  }

  /** Items that the peer listed wait until it may be asked for them. */
  putOff(peer: string): void {
    this.#tell('fetched', 'PEER_RATE', peer);
  }

  #tell(way: Way, code: RateCode, identity: string): void {
    const key = `${code} ${identity}`;
    const now = this.#clock.monotonic();
    const before = this.#told.get(key);
    if (before !== undefined && now - before < TELL_EVERY_MS) return;
    this.#told.set(key, now);
    this.#over(way, code);
  }
}

function charge(rates: readonly TokenBuckets[], identity: string, bytes: number): void {
  for (const buckets of rates) buckets.charge(identity, bytes);
}

function debtMs(rates: readonly TokenBuckets[], identity: string): number {
  return Math.max(...rates.map((buckets) => buckets.debtMs(identity)));
}
