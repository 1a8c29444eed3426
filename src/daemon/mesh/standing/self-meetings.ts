import type { Clock } from '../../../store/index.ts';

/** Both ends of a connection to this node itself fail within this time, in milliseconds. */
const GRACE_MS = 1_000;

/**
 * Tells a dial that led to this node itself from one that led to another node with the same identity. Either
 * fails in the handshake, but only the first comes in here.
 */
export class SelfMeetings {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #cameInAt = Number.NEGATIVE_INFINITY;
  #dialling = 0;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** A connection came in under the identity of this node; whether a dial of its own may have led here. */
  cameIn(): boolean {
    this.#cameInAt = this.#clock.monotonic();
    for (const tell of this.#waiting) tell();
    return this.#dialling > 0;
  }

  /** Runs a dial; `met` is asked when it led to the identity of this node, and says whether to this node. */
  async during<T>(dial: (met: () => Promise<boolean>) => Promise<T>): Promise<T> {
    const begunAt = this.#clock.monotonic();
    this.#dialling++;
    try {
      return await dial(() => this.#met(begunAt));
    } finally {
      this.#dialling--;
    }
  }

  async #met(begunAt: number): Promise<boolean> {
    if (this.#cameInAt >= begunAt) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const came = () => resolve(true);
    this.#waiting.add(came);
    const cancel = this.#clock.after(GRACE_MS, () => resolve(false));
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiting.delete(came);
    }
  }
}
