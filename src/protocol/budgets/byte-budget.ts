import { invariant } from '../../store/index.ts';
import { getOrMake } from '../get-or-make.ts';
import { type Knows, keptOf } from '../knows.ts';

/** Gives back what was taken; later calls do nothing. */
export type Release = () => void;

/** The bounds of a `ByteBudget`. */
export interface ByteBudgetInit {
  /** Bytes that all holders together may hold. */
  totalBytes: number;
  /** Bytes that one holder may hold. */
  holderBytes: number;
  /**
   * Holders that a quarter of the total is kept for, or room for one request of theirs.
   * @default none; nothing is kept
   */
  knows?: Knows;
}

interface ByteRequest {
  readonly bytes: number;
  readonly known: boolean;
  readonly admit: () => void;
}

/**
 * Bounds the memory that peers make this node hold. A request above a limit is admitted once nothing
 * else counts against that limit, so the true bound is the limit or one request, whichever is larger.
 */
export class ByteBudget {
  readonly #init: ByteBudgetInit;
  readonly #keptBytes: number;
  readonly #held = new Map<string, number>();
  /** The requests that wait, by holder. Holders take turns: the first entry is next. */
  readonly #waiting = new Map<string, ByteRequest[]>();
  #used = 0;
  /** The part of `#used` that known holders hold. */
  #usedByKnown = 0;

  constructor(init: ByteBudgetInit) {
    this.#init = init;
    this.#keptBytes = keptOf(init.totalBytes, init.knows);
  }

  /** Bytes held now. */
  get usedBytes(): number {
    return this.#used;
  }

  /** The part of the total that is held now: 0 to 1, or more while one large request is held. */
  get usedRatio(): number {
    return this.#used / this.#init.totalBytes;
  }

  /** Requests that wait now. */
  get waiting(): number {
    return [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Returns the way to give the bytes back, or null if they do not fit now. */
  tryTake(holder: string, bytes: number): Release | null {
    const known = this.#knows(holder);
    const isNext = this.#waiting.size === 0 || (known && this.#next(true) === undefined);
    const free = isNext && this.#holderFits(holder, bytes) && this.#fits(bytes, known);
    return free ? this.#hold(holder, bytes, known) : null;
  }

  /** Resolves with the way to give the bytes back; rejects with the signal's reason. */
  async take(holder: string, bytes: number, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    const free = this.tryTake(holder, bytes);
    if (free !== null) return free;
    return new Promise((resolve, reject) => {
      const known = this.#knows(holder);
      const request: ByteRequest = {
        bytes,
        known,
        admit: () => {
          signal.removeEventListener('abort', giveUp);
          resolve(this.#hold(holder, bytes, known));
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

  #knows(holder: string): boolean {
    return this.#init.knows?.(holder) ?? false;
  }

  #fits(bytes: number, known: boolean): boolean {
    const { totalBytes } = this.#init;
    const kept = this.#keptBytes;
    const fits = hasRoom(this.#used, bytes, totalBytes);
    if (known) return fits || (kept > 0 && hasRoom(this.#usedByKnown, bytes, kept));
    return fits && hasRoom(this.#used - this.#usedByKnown, bytes, totalBytes - kept);
  }

  #holderFits(holder: string, bytes: number): boolean {
    return hasRoom(this.#held.get(holder) ?? 0, bytes, this.#init.holderBytes);
  }

  #hold(holder: string, bytes: number, known: boolean): Release {
    this.#change(holder, bytes, known);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#change(holder, -bytes, known);
      this.#admit();
    };
  }

  #change(holder: string, bytes: number, known: boolean): void {
    this.#used += bytes;
    if (known) this.#usedByKnown += bytes;
    const held = (this.#held.get(holder) ?? 0) + bytes;
    const isWithin = held >= 0 && this.#usedByKnown >= 0 && this.#usedByKnown <= this.#used;
    invariant(isWithin, 'process', 'BUDGET_HELD', [held, this.#usedByKnown, this.#used]);
    if (held === 0) this.#held.delete(holder);
    else this.#held.set(holder, held);
  }

  /**
   * Admits requests while they fit, those of known holders first. A request that only the total holds back
   * stops those of the other holders too, since small requests would else pass a large one for ever.
   */
  #admit(): void {
    const first = () => this.#next(true) ?? this.#next(false);
    for (let next = first(); next !== undefined; next = first()) {
      const [holder, request] = next;
      if (!this.#fits(request.bytes, request.known)) return;
      this.#leave(holder, request);
      this.#moveToEnd(holder);
      request.admit();
    }
  }

  #next(known: boolean): readonly [holder: string, request: ByteRequest] | undefined {
    for (const [holder, requests] of this.#waiting) {
      const first = requests[0]!;
      if (first.known === known && this.#holderFits(holder, first.bytes)) return [holder, first];
    }
    return undefined;
  }

  #leave(holder: string, request: ByteRequest): void {
    const requests = this.#waiting.get(holder) ?? [];
    const at = requests.indexOf(request);
    invariant(at >= 0, 'process', 'BUDGET_WAITING', [holder, requests.length]);
    requests.splice(at, 1);
    if (requests.length === 0) this.#waiting.delete(holder);
  }

  #moveToEnd(holder: string): void {
    const requests = this.#waiting.get(holder);
    if (requests === undefined) return;
    this.#waiting.delete(holder);
    this.#waiting.set(holder, requests);
  }
}

function hasRoom(used: number, bytes: number, limit: number): boolean {
  return used === 0 || used + bytes <= limit;
}
