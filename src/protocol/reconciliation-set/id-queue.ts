export interface IdQueueInit {
  /**
   * The queue is swept once it is longer than twice the live ids plus this number. Raising it costs
   * memory, lowering it sweeps short queues more often.
   * @default 1_024
   */
  slack?: number;
}

/** Queued ids, oldest first. Ids that are not live any more are thrown out now and then. */
export class IdQueue {
  #keys: string[] = [];
  #head = 0;
  readonly #slack: number;

  constructor({ slack = 1_024 }: IdQueueInit = {}) {
    this.#slack = slack;
  }

  /** `live` is the number of ids for which `isLive` holds. */
  push(key: string, live: number, isLive: (key: string) => boolean): void {
    this.#keys.push(key);
    if (this.#keys.length > 2 * live + this.#slack) this.#sweep(isLive);
  }

  shift(isLive: (key: string) => boolean): string | undefined {
    while (this.#head < this.#keys.length) {
      const key = this.#keys[this.#head++]!;
      if (isLive(key)) return key;
    }
    this.#keys = [];
    this.#head = 0;
    return undefined;
  }

  /** Throws out ids that were taken, are not live, or stand there twice. */
  #sweep(isLive: (key: string) => boolean): void {
    const waiting = new Set(this.#keys.slice(this.#head));
    this.#keys = [...waiting].filter(isLive);
    this.#head = 0;
  }
}
