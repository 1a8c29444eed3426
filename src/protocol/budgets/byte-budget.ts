import { getOrMake } from '../get-or-make.ts';

/** Gives back what was taken; later calls do nothing. */
export type Release = () => void;

/** The bounds of a `ByteBudget`. */
export interface ByteBudgetInit {
  /** Bytes that all holders together may hold. */
  totalBytes: number;
  /** Bytes that one holder may hold. */
  holderBytes: number;
}

interface ByteRequest {
  readonly bytes: number;
  readonly admit: () => void;
}

/**
 * Bounds the memory that peers make this node hold. A request above a limit is admitted once nothing
 * else counts against that limit, so the true bound is the limit or one request, whichever is larger.
 */
export class ByteBudget {
  readonly #init: ByteBudgetInit;
  readonly #held = new Map<string, number>();
  /** The requests that wait, by holder. Holders take turns: the first entry is next. */
  readonly #waiting = new Map<string, ByteRequest[]>();
  #used = 0;

  constructor(init: ByteBudgetInit) {
    this.#init = init;
  }

  /** Bytes held now. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Requests that wait now. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Returns the way to give the bytes back, or null if they do not fit now. */
  tryTake(holder: string, bytes: number): Release | null {
    const free = this.#waiting.size === 0 && this.#holderFits(holder, bytes) && this.#fits(bytes);
    return free ? this.#hold(holder, bytes) : null;
  }

  /** Resolves with the way to give the bytes back; rejects with the signal's reason. */
  async take(holder: string, bytes: number, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    const free = this.tryTake(holder, bytes);
    if (free !== null) return free;
    return new Promise((resolve, reject) => {
      const request: ByteRequest = {
        bytes,
        admit: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(this.#hold(holder, bytes));
        },
      };
      const giveUp = (): void => {
        this.#leave(holder, request);
        this.#admit();
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      getOrMake(this.#waiting, holder, (): ByteRequest[] => []).push(request);
      this.#admit();
    });
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#init.totalBytes;
  }

  #holderFits(holder: string, bytes: number): boolean {
    const held = this.#held.get(holder) ?? 0;
    return held === 0 || held + bytes <= this.#init.holderBytes;
  }

  #hold(holder: string, bytes: number): Release {
    this.#change(holder, bytes);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#change(holder, -bytes);
      this.#admit();
    };
  }

  #change(holder: string, bytes: number): void {
    this.#used += bytes;
    const held = (this.#held.get(holder) ?? 0) + bytes;
    if (held === 0) this.#held.delete(holder);
    else this.#held.set(holder, held);
  }

  /**
   * Admits requests while they fit. A request that only the total holds back stops those of the other
   * holders too, since small requests would else pass a large one for ever.
   */
  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [holder, request] = next;
      if (!this.#fits(request.bytes)) return;
      this.#leave(holder, request);
      this.#moveToEnd(holder);
      request.admit();
    }
  }

  #next(): readonly [holder: string, request: ByteRequest] | undefined {
    for (const [holder, requests] of this.#waiting) {
      const first = requests[0]!;
      if (this.#holderFits(holder, first.bytes)) return [holder, first];
    }
    return undefined;
  }

  #leave(holder: string, request: ByteRequest): void {
    const requests = this.#waiting.get(holder)!;
    requests.splice(requests.indexOf(request), 1);
    if (requests.length === 0) this.#waiting.delete(holder);
  }

  #moveToEnd(holder: string): void {
    const requests = this.#waiting.get(holder);
    if (requests === undefined) return;
    this.#waiting.delete(holder);
    this.#waiting.set(holder, requests);
  }
}
