import { type Item, type Replica, StoreError } from '../../store/index.ts';

/** Bytes that wait for their commit, over all requests together. */
export class Window {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  enter(bytes: number): void {
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes > this.#limit) return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves when no more than the limit waits. */
  async room(): Promise<void> {
    while (this.#bytes > this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}

/**
 * Stores the items of one request: puts are not awaited one by one, so that they share commits, but
 * only as many bytes as fit the window may wait for theirs.
 */
export class Intake {
  readonly #replica: Replica;
  readonly #window: Window;
  readonly #pending = new Set<Promise<void>>();
  /** Why an item could not be stored: our own trouble, whatever the peer did. */
  error: { readonly code: string; readonly message: string } | null = null;
  stored = 0;

  constructor(replica: Replica, window: Window) {
    this.#replica = replica;
    this.#window = window;
  }

  /** Resolves when the next item may come; throws once one could not be stored. */
  async take(item: Item): Promise<void> {
    const bytes = item.payload.length;
    this.#window.enter(bytes);
    const put = this.#put(item).finally(() => {
      this.#window.leave(bytes);
      this.#pending.delete(put);
    });
    this.#pending.add(put);
    await this.#window.room();
    if (this.error !== null) throw new Error(this.error.message);
  }

  /** Resolves once everything taken is on disk or refused. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #put(item: Item): Promise<void> {
    try {
      await this.#replica.putVerified([item]);
      this.stored++;
    } catch (error) {
      const { message } = error as Error;
      this.error ??= { code: error instanceof StoreError ? error.code : 'INTERNAL', message };
    }
  }
}
