import type { Clock } from '../../store/index.ts';
import { type Knows, keptOf } from '../knows.ts';
import { TokenBuckets } from './token-buckets.ts';

/** The bounds of a `TotalRate`. */
export interface TotalRateInit {
  clock: Clock;
  /** Tokens that all peers together gain in a second. */
  perSecond: number;
  /** Seconds whose tokens may be taken at once. */
  burstSeconds: number;
  /**
   * Peers that a quarter of the rate is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows | undefined;
}

const ALL = '';

/** Bounds a rate over all peers together, since identities cost nothing. */
export class TotalRate {
  readonly #knows: Knows;
  readonly #all: TokenBuckets;
  readonly #strangers: TokenBuckets;

  constructor({ clock, perSecond, burstSeconds, knows }: TotalRateInit) {
    const rate = (tokens: number): TokenBuckets =>
      new TokenBuckets({ clock, perSecond: tokens, burstSeconds });
    this.#knows = knows ?? (() => false);
    this.#all = rate(perSecond);
    this.#strangers = rate(perSecond - keptOf(perSecond, knows));
  }

  /** Takes a token for a peer, if there is one for it. */
  take(peer: string): boolean {
    if (this.#knows(peer)) return this.#all.take(ALL);
    if (!this.#strangers.holds(ALL) || !this.#all.take(ALL)) return false;
    this.#strangers.charge(ALL, 1);
    return true;
  }
}
