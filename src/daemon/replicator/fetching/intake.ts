import type { ReconciliationSet } from '../../../protocol/index.ts';
import { Gate, type Item, type Replica, StoreError } from '../../../store/index.ts';

/** Bytes that wait for their commit, over all requests together. */
export class Window {
  readonly #limit: number;
  readonly #gate = new Gate();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  enter(bytes: number): void {
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
    this.#gate.recheck();
  }

  /** Resolves when the bytes that wait are within the limit. */
  room(): Promise<void> {
    return this.#gate.until(() => this.#bytes <= this.#limit);
  }
}

export interface IntakeInit {
  replica: Pick<Replica, 'putVerified'>;
  window: Window;
  /** Told of items that came and were here already: no commit tells of them. */
  wanted: Pick<ReconciliationSet, 'received'>;
}

/**
 * Stores the items of one request. Items that come together are put together. Puts run at the same
 * time, so that they share commits, but the bytes that wait for their commit must fit the window.
 */
export class Intake {
  readonly #init: IntakeInit;
  readonly #pending = new Set<Promise<void>>();
  /** Why an item could not be stored: a fault of this node, not of the peer. */
  error: { readonly code: string; readonly message: string } | null = null;
  stored = 0;

  constructor(init: IntakeInit) {
    this.#init = init;
  }

  /** Resolves when the next items may come; throws once one could not be stored. */
  async take(items: readonly Item[]): Promise<void> {
    this.#store(items);
    await this.#init.window.room();
    if (this.error !== null) throw new Error(this.error.message);
  }

  /** Resolves once everything taken is on disk or refused. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #store(items: readonly Item[]): void {
    const bytes = items.reduce((sum, { payload }) => sum + payload.length, 0);
    const { window } = this.#init;
    window.enter(bytes);
    const put = this.#put(items).finally(() => {
      window.leave(bytes);
      this.#pending.delete(put);
    });
    this.#pending.add(put);
  }

  /** If not all items fit, some may. */
  async #put(items: readonly Item[]): Promise<void> {
    try {
      const results = await this.#init.replica.putVerified(items);
      for (const { id, created } of results) if (!created) this.#init.wanted.received(id);
      this.stored += items.length;
    } catch (error) {
      if (items.length > 1) {
        for (const item of items) await this.#put([item]);
        return;
      }
      const { message } = error as Error;
      this.error ??= { code: error instanceof StoreError ? error.code : 'INTERNAL', message };
    }
  }
}
