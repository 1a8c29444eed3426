const DEFAULT_SLACK = 1024;

export interface IdQueueInit {
  /**
   * The queue is swept once it is longer than twice what is live plus so much. Raising it costs
   * memory, lowering it sweeps short queues more often.
   * @default 1024
   */
  slack?: number;
}

/** Ids in line, oldest first; what is not live any more is thrown out now and then. */
export class IdQueue {
  #keys: string[] = [];
  #head = 0;
  readonly #slack: number;

  constructor({ slack = DEFAULT_SLACK }: IdQueueInit = {}) {
    this.#slack = slack;
  }

  /** `live` ids may stand here, `isLive` tells which. */
  push(key: string, live: number, isLive: (key: string) => boolean): void {
    this.#keys.push(key);
    if (this.#keys.length > 2 * live + this.#slack) this.#sweep(isLive);
  }

  shift(): string | undefined {
    const key = this.#keys[this.#head++];
    if (key !== undefined) return key;
    this.#keys = [];
    this.#head = 0;
    return undefined;
  }

  /** Throws out what was taken, is not live, or stands there twice. */
  #sweep(isLive: (key: string) => boolean): void {
    const waiting = new Set(this.#keys.slice(this.#head));
    this.#keys = [...waiting].filter(isLive);
    this.#head = 0;
  }
}
