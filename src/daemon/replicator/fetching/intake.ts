import type { ReconciliationSet } from '../../../protocol/index.ts';
import { Gate, type Replica, type VerifiedItem } from '../../../store/index.ts';
import type { ItemGuard, ItemRefusal } from '../../guard/index.ts';
import type { ArrivalObserver } from '../observer.ts';
import type { Reason } from '../pause.ts';
import { storeItems } from '../store-items.ts';

/** Memory of an item beside its payload, which may be empty. */
export const ITEM_BYTES = 128;

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
  guard: ItemGuard;
  window: Window;
  /** The peer that is asked. */
  source: string;
  /** Told of items that were here already: no commit tells of them. */
  wanted: Pick<ReconciliationSet, 'received'>;
  /** @default none */
  observer?: ArrivalObserver | undefined;
}

/**
 * Stores the items of one request. Items that come together are put together. Puts run at the same time
 * and share commits, within the window of bytes that wait for their commit.
 */
export class Intake {
  readonly #init: IntakeInit;
  readonly #pending = new Set<Promise<void>>();
  /** Why the store did not take an item: a fault of this node, not of the peer. */
  error: Reason | null = null;
  stored = 0;
  /** Items that the guard did not take. The request goes on. */
  readonly refusals: { readonly id: Uint8Array; readonly refusal: ItemRefusal }[] = [];

  constructor(init: IntakeInit) {
    this.#init = init;
  }

  /** Resolves when the next items may come; throws once one could not be stored. */
  async take(items: readonly VerifiedItem[]): Promise<void> {
    const put = this.#put(items).finally(() => this.#pending.delete(put));
    this.#pending.add(put);
    await this.#init.window.room();
    if (this.error !== null) throw new Error(this.error.message);
  }

  /** Resolves once everything taken is on disk or refused. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #put(items: readonly VerifiedItem[]): Promise<void> {
    const { replica, guard, window, wanted, source, observer } = this.#init;
    const bytes = items.reduce((sum, item) => sum + ITEM_BYTES + item.payload.length, 0);
    window.enter(bytes);
    const refusals: Reason[] = [];
    const origin = { via: 'fetch', peer: source, publisher: null } as const;
    const refused = (id: Uint8Array, refusal: ItemRefusal): void => {
      this.refusals.push({ id, refusal });
    };
    const stored = await storeItems({ replica, guard, origin, observer, refused }, items, refusals);
    window.leave(bytes);
    for (const { id, created } of stored) if (!created) wanted.received(id);
    this.stored += stored.length;
    this.error ??= refusals[0] ?? null;
  }
}
