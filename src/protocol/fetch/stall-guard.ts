/**
 * Counts the time spent waiting for a peer. Time counts only while we wait, and starts anew once
 * enough bytes or an answer came.
 */
export class StallGuard {
  readonly #windowMs: number;
  readonly #minBytes: number;
  #waitedMs = 0;
  #bytes = 0;

  constructor(init: { stallTimeoutMs: number; minBytesPerWindow: number }) {
    this.#windowMs = init.stallTimeoutMs;
    this.#minBytes = init.minBytesPerWindow;
  }

  get remainingMs(): number {
    return Math.max(0, this.#windowMs - this.#waitedMs);
  }

  waited(ms: number): void {
    this.#waitedMs += ms;
  }

  /** `answered`: an id has its answer, of any size. */
  gained(bytes: number, answered: boolean): void {
    this.#bytes += bytes;
    if (!answered && this.#bytes < this.#minBytes) return;
    this.#waitedMs = 0;
    this.#bytes = 0;
  }
}
