import { type Item, type Replica, StoreError } from '../../store/index.ts';

/**
 * Stores the items of one request: puts are not awaited one by one, so that they share commits, but
 * no more than `windowBytes` may wait for theirs.
 */
export class Intake {
  readonly #replica: Replica;
  readonly #windowBytes: number;
  readonly #pending = new Set<Promise<void>>();
  #pendingBytes = 0;
  #error: { code: string; message: string } | null = null;

  constructor(init: { replica: Replica; windowBytes: number }) {
    this.#replica = init.replica;
    this.#windowBytes = init.windowBytes;
  }

  /** Resolves when the next item may come. */
  async take(item: Item): Promise<void> {
    const bytes = item.payload.length;
    this.#pendingBytes += bytes;
    const put = this.#put(item).finally(() => {
      this.#pendingBytes -= bytes;
      this.#pending.delete(put);
    });
    this.#pending.add(put);
    while (this.#pendingBytes > this.#windowBytes) await Promise.race(this.#pending);
  }

  /** Resolves once everything taken is on disk or refused. */
  async settle(): Promise<{ error: { code: string; message: string } | null }> {
    await Promise.all(this.#pending);
    return { error: this.#error };
  }

  async #put(item: Item): Promise<void> {
    try {
      await this.#replica.putVerified([item]);
    } catch (error) {
      const { message } = error as Error;
      this.#error ??= { code: error instanceof StoreError ? error.code : 'INTERNAL', message };
    }
  }
}
