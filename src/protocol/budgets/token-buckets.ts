import { type Clock, invariant } from '../../store/index.ts';

/** The rate and the bounds of `TokenBuckets`. */
export interface TokenBucketsInit {
  clock: Clock;
  /** Tokens that a bucket gains in a second. */
  perSecond: number;
  /** Seconds whose tokens a full bucket holds. A new key starts with a full one. */
  burstSeconds: number;
  /**
   * Keys with a bucket of their own. Buckets that are full again make room; while none is, further keys
   * share one bucket.
   * @default 4_096
   */
  maxKeys?: number;
}

interface TokenBucket {
  tokens: number;
  at: number;
}

const DEFAULT_MAX_KEYS = 4_096;

/**
 * Bounds a rate for each key, such as a peer id or an address. A full bucket tells no more than none, so
 * only such ones are forgotten: a debt is kept, however many new keys come.
 */
export class TokenBuckets {
  readonly #init: TokenBucketsInit;
  readonly #maxKeys: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #shared: TokenBucket;
  /** No bucket is full before. */
  #fullFrom = Number.POSITIVE_INFINITY;

  constructor(init: TokenBucketsInit) {
    this.#init = init;
    this.#maxKeys = init.maxKeys ?? DEFAULT_MAX_KEYS;
    this.#burst = init.perSecond * init.burstSeconds;
    this.#shared = { tokens: this.#burst, at: init.clock.monotonic() };
  }

  /** Whether the bucket holds so many `tokens` now. */
  holds(key: string, tokens = 1): boolean {
    return this.#tokensOf(this.#find(key)) >= tokens;
  }

  /** Takes `tokens` if the bucket holds as many. */
  take(key: string, tokens = 1): boolean {
    const found = this.#find(key);
    if (this.#tokensOf(found) < tokens) return false;
    this.#spend(key, found, tokens);
    return true;
  }

  /** Takes `tokens` in any case, for costs that are known only afterwards; the bucket may owe some. */
  charge(key: string, tokens: number): void {
    this.#spend(key, this.#find(key), tokens);
  }

  /** Milliseconds until the bucket owes nothing; 0 if it owes nothing now. */
  debtMs(key: string): number {
    return Math.max(0, (-this.#tokensOf(this.#find(key)) / this.#init.perSecond) * 1_000);
  }

  #tokensOf(found: TokenBucket | null): number {
    return found?.tokens ?? this.#burst;
  }

  #spend(key: string, found: TokenBucket | null, tokens: number): void {
    const bucket = found ?? { tokens: this.#burst, at: this.#init.clock.monotonic() };
    if (found === null) this.#buckets.set(key, bucket);
    bucket.tokens -= tokens;
    if (bucket !== this.#shared) this.#fullFrom = Math.min(this.#fullFrom, this.#fullAt(bucket));
  }

  /** The bucket that counts for a key; null: there is room for a new one. */
  #find(key: string): TokenBucket | null {
    const own = this.#buckets.get(key);
    if (own !== undefined) return this.#refilled(own);
    if (this.#buckets.size >= this.#maxKeys) this.#forgetFull();
    return this.#buckets.size < this.#maxKeys ? null : this.#refilled(this.#shared);
  }

  #forgetFull(): void {
    const now = this.#init.clock.monotonic();
    if (now < this.#fullFrom) return;
    this.#fullFrom = Number.POSITIVE_INFINITY;
    for (const [key, bucket] of this.#buckets) {
      const fullAt = this.#fullAt(bucket);
      if (fullAt <= now) this.#buckets.delete(key);
      else this.#fullFrom = Math.min(this.#fullFrom, fullAt);
    }
  }

  #fullAt({ tokens, at }: TokenBucket): number {
    return at + ((this.#burst - tokens) / this.#init.perSecond) * 1_000;
  }

  #refilled(bucket: TokenBucket): TokenBucket {
    const { clock, perSecond } = this.#init;
    const now = clock.monotonic();
    const gained = ((now - bucket.at) * perSecond) / 1_000;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + gained);
    invariant(gained >= 0 && !Number.isNaN(bucket.tokens), 'process', 'BUCKET_TOKENS', gained);
    bucket.at = now;
    return bucket;
  }
}
