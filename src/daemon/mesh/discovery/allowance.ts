import { BoundedMap, type Clock } from '../../../store/index.ts';

/** Announcements one neighbour may pass on at once: all of a large mesh. */
const BURST = 2_048;
const PER_SECOND = 50;
/** Neighbours remembered; the one remembered longest makes room. */
const MAX_NEIGHBOURS = 1_024;

interface Bucket {
  tokens: number;
  at: number;
}

/** Bounds what one neighbour makes us verify: a token bucket each. */
export class Allowance {
  readonly #clock: Clock;
  readonly #buckets = new BoundedMap<string, Bucket>(MAX_NEIGHBOURS);

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** Whether the neighbour may pass one more on. */
  take(neighbour: string): boolean {
    const bucket = this.#bucket(neighbour);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }

  #bucket(neighbour: string): Bucket {
    const now = this.#clock.monotonic();
    const known = this.#buckets.get(neighbour);
    const bucket = known ?? { tokens: BURST, at: now };
    bucket.tokens = Math.min(BURST, bucket.tokens + ((now - bucket.at) * PER_SECOND) / 1_000);
    bucket.at = now;
    if (known === undefined) this.#buckets.set(neighbour, bucket);
    return bucket;
  }
}
