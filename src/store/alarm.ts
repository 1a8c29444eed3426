import type { BulkPace, Cancel, Clock } from './environment.ts';

const SLICE_MS = 10;

/** A timer of which at most one call is pending. */
export class Alarm {
  readonly #clock: Clock;
  #cancel: Cancel | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get pending(): boolean {
    return this.#cancel !== null;
  }

  /** Runs `callback` once, `delayMs` milliseconds from now, in place of a pending call. */
  set(delayMs: number, callback: () => void): void {
    this.cancel();
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = null;
      callback();
    });
  }

  /** Like `set`, unless a call is pending already. */
  ensure(delayMs: number, callback: () => void): void {
    if (!this.pending) this.set(delayMs, callback);
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}

/**
 * Resolves `delayMs` milliseconds from now. 0 means "after pending I/O". Rejects with the signal's reason if
 * that comes first.
 */
export function delay(clock: Clock, delayMs = 0, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const giveUp = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    });
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** Slices of the same length by the clock, with pending I/O between them. */
export function steadyPace(clock: Clock): BulkPace {
  return { sliceMs: SLICE_MS, busyMs: () => clock.monotonic(), turn: () => delay(clock) };
}

/** Work in one go that leaves turns of the event loop to others. */
export class Rests {
  readonly #pace: BulkPace;
  /** Of the processor, when the slice began. */
  #begunMs: number;

  constructor(pace: BulkPace) {
    this.#pace = pace;
    this.#begunMs = pace.busyMs();
  }

  /** To be called once for every few milliseconds of work: rests where the slice is over. */
  async due(): Promise<void> {
    if (this.#pace.busyMs() - this.#begunMs < this.#pace.sliceMs) return;
    await this.#pace.turn();
    this.#begunMs = this.#pace.busyMs();
  }
}

/** An estimate that follows slower work at once, and faster work slowly: a fast slice says little. */
export function slowerAtOnce(known: number, measured: number): number {
  return Math.max(measured, 0.8 * known + 0.2 * measured);
}
