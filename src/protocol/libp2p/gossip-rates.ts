import type { Clock } from '../../store/index.ts';
import { TokenBuckets } from '../budgets/index.ts';

/** Units a second: bytes, or frames. */
export interface GossipRate {
  /** Those of each peer alone, whatever the others send: enough for its subscriptions and offers. */
  own: number;
  /** Most of one peer beyond its own. */
  peer: number;
  /** Most of all peers together beyond their own. */
  all: number;
}

/** Seconds whose units may come at once. */
const BURST_SECONDS = 5;
const ALL = '';

/** A rate for each peer, and one for all, since identities cost nothing. */
export class GossipRates {
  readonly #own: TokenBuckets;
  readonly #peer: TokenBuckets;
  readonly #all: TokenBuckets;

  constructor(clock: Clock, { own, peer, all }: GossipRate) {
    const rate = (perSecond: number): TokenBuckets =>
      new TokenBuckets({ clock, perSecond, burstSeconds: BURST_SECONDS });
    this.#own = rate(own);
    this.#peer = rate(peer);
    this.#all = rate(all);
  }

  /** Takes so many `units` of a peer, or none. */
  take(peer: string, units: number): boolean {
    if (this.#own.take(peer, units)) return true;
    if (!this.#peer.holds(peer, units) || !this.#all.take(ALL, units)) return false;
    this.#peer.charge(peer, units);
    return true;
  }

  /** Whether the peer itself is over its rate, rather than all peers together. */
  isOver(peer: string, units: number): boolean {
    return !this.#own.holds(peer, units) && !this.#peer.holds(peer, units);
  }
}
