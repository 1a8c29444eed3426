import { BoundedMap, type Clock } from '../../store/index.ts';

/** The rate and the bounds of `TokenBuckets`. */
export interface TokenBucketsInit {
  clock: Clock;
  /** Tokens that a bucket gains in a second. */
  perSecond: number;
  /** Seconds whose tokens a full bucket holds. A new key starts with a full one. */
  burstSeconds: number;
  /**
   * Keys remembered; the key that was new longest ago makes room.
   * @default 4_096
   */
  maxKeys?: number;
}

interface TokenBucket {
  tokens: number;
  at: number;
}

const DEFAULT_MAX_KEYS = 4_096;

/** Bounds a rate for each key, such as a peer id or an address. */
export class TokenBuckets {
  readonly #init: TokenBucketsInit;
  readonly #buckets: BoundedMap<string, TokenBucket>;

  constructor(init: TokenBucketsInit) {
    this.#init = init;
    this.#buckets = new BoundedMap(init.maxKeys ?? DEFAULT_MAX_KEYS);
  }

  /** Takes `tokens` if the bucket holds as many. */
  take(key: string, tokens = 1): boolean {
    const bucket = this.#refilled(key);
    if (bucket.tokens < tokens) return false;
    bucket.tokens -= tokens;
    return true;
  }

  /** Takes `tokens` in any case, for costs that are known only afterwards; the bucket may owe some. */
  charge(key: string, tokens: number): void {
    this.#refilled(key).tokens -= tokens;
  }

  /** Milliseconds until the bucket owes nothing; 0 if it owes nothing now. */
  debtMs(key: string): number {
    return Math.max(0, (-this.#refilled(key).tokens / this.#init.perSecond) * 1_000);
  }

  #refilled(key: string): TokenBucket {
    const { clock, burstSeconds, perSecond } = this.#init;
    const burst = perSecond * burstSeconds;
    const now = clock.monotonic();
    const known = this.#buckets.get(key);
    const bucket = known ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000);
    bucket.at = now;
    if (known === undefined) this.#buckets.set(key, bucket);
    return bucket;
  }
}
