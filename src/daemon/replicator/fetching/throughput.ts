/** Whether the lengths of the items asked for are known, and large. */
export type RequestKind = 'small' | 'large';

const WEIGHT = 0.5;
/** Ids in the first claim of a peer of unknown throughput. */
const FIRST_IDS = 32;
/** Greatest growth from one claim to the next. After a request that brought nothing, a claim is 1 id. */
const GROWTH = 4;

export interface Delivery {
  readonly kind: RequestKind;
  /** Ids that have their answer, and those among them whose items came. */
  readonly answered: number;
  readonly items: number;
  readonly bytes: number;
  /** Milliseconds from the first answer to the last. */
  readonly streamedMs: number;
}

/** The measured speed of a peer, over its requests so far. */
export class Throughput {
  /** Payload bytes a millisecond; 0 when nothing is known. */
  bytesPerMs = 0;
  #idsPerMs = 0;
  #bytesPerItem = 0;
  #lastIds = FIRST_IDS / GROWTH;

  /** A single answer tells nothing of the rate of ids. */
  note({ kind, answered, items, bytes, streamedMs }: Delivery): void {
    const ms = Math.max(1, streamedMs);
    this.bytesPerMs = mean(this.bytesPerMs, bytes / ms);
    // The rate of large items tells nothing of small items.
    if (kind === 'large' && answered > 0) return;
    if (answered !== 1) this.#idsPerMs = mean(this.#idsPerMs, answered / ms);
    if (items > 0) this.#bytesPerItem = mean(this.#bytesPerItem, bytes / items);
    this.#lastIds = answered > 0 ? Math.max(this.#lastIds, answered) : 1 / GROWTH;
  }

  /** Ids that the peer works off in about `ms`, and whose payloads take about `bytes`. */
  ids({ ms, bytes }: { ms: number; bytes: number }): number {
    const inTime = this.#idsPerMs === 0 ? FIRST_IDS : this.#idsPerMs * ms;
    const inSpace = this.#bytesPerItem === 0 ? inTime : bytes / this.#bytesPerItem;
    return Math.max(1, Math.floor(Math.min(inTime, inSpace, this.#lastIds * GROWTH)));
  }
}

function mean(before: number, now: number): number {
  return before === 0 ? now : before + WEIGHT * (now - before);
}
