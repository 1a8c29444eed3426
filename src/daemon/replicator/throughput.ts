/** How much the latest request counts. */
const WEIGHT = 0.5;
/** Ids in the first claim of a peer that nothing is known of. */
const FIRST_IDS = 32;
/** A claim grows to so many times the one before, at the most. */
const GROWTH = 4;

/** What one request brought. */
export interface Delivery {
  readonly items: number;
  readonly bytes: number;
  readonly durationMs: number;
}

/** What a peer brings in a request, measured over those before. */
export class Throughput {
  #itemsPerMs = 0;
  #bytesPerMs = 0;
  #bytesPerItem = 0;
  #lastIds = FIRST_IDS / GROWTH;

  /** Payload bytes a millisecond; 0 when nothing is known. */
  get bytesPerMs(): number {
    return this.#bytesPerMs;
  }

  note({ items, bytes, durationMs }: Delivery): void {
    const ms = Math.max(1, durationMs);
    this.#itemsPerMs = mean(this.#itemsPerMs, items / ms);
    this.#bytesPerMs = mean(this.#bytesPerMs, bytes / ms);
    if (items > 0) {
      this.#bytesPerItem = mean(this.#bytesPerItem, bytes / items);
      this.#lastIds = Math.max(this.#lastIds, items);
    } else {
      this.#lastIds = FIRST_IDS / GROWTH;
    }
  }

  /** Ids that the peer works off in about `ms`, and whose payloads take about `bytes`. */
  ids({ ms, bytes }: { ms: number; bytes: number }): number {
    const inTime = this.#itemsPerMs === 0 ? FIRST_IDS : this.#itemsPerMs * ms;
    const inSpace = this.#bytesPerItem === 0 ? inTime : bytes / this.#bytesPerItem;
    return Math.max(1, Math.floor(Math.min(inTime, inSpace, this.#lastIds * GROWTH)));
  }

  /** Payload bytes that it brings in about `ms`; 0 when nothing is known. */
  bytes(ms: number): number {
    return this.#bytesPerMs * ms;
  }
}

function mean(before: number, now: number): number {
  return before === 0 ? now : before + WEIGHT * (now - before);
}
