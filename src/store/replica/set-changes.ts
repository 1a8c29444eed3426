import type { ItemKey } from '../item.ts';
import { Listeners } from './listeners.ts';
import type { SetState } from './records/index.ts';
import type { ReplicaLogger } from './types.ts';

type OrderEnd = Pick<SetState, 'epoch' | 'arrivals'>;

/** Items that left because their hints are below the floor. */
export interface Pruned {
  /** Items with lower hints may be gone. */
  readonly below: bigint;
  readonly items: number;
}

/** The versions of the set, which grow with its changes, and the listeners of changes. */
export class SetChanges {
  readonly onAdded: Listeners<readonly ItemKey[]>;
  readonly onDamaged: Listeners<ItemKey>;
  readonly onArrival: Listeners<void>;
  readonly onPruned: Listeners<Pruned>;
  readonly onDropped: Listeners<readonly ItemKey[]>;
  #version = 0;
  #content = 0;
  #heard: OrderEnd = { epoch: 0n, arrivals: 0 };

  constructor(logger: ReplicaLogger | undefined) {
    this.onAdded = new Listeners(logger);
    this.onDamaged = new Listeners(logger);
    this.onArrival = new Listeners(logger);
    this.onPruned = new Listeners(logger);
    this.onDropped = new Listeners(logger);
  }

  /** Grows with every change of the accepted items: those that sessions compare. */
  get version(): number {
    return this.#version;
  }

  /** Grows with every change of the held items. */
  get content(): number {
    return this.#content;
  }

  moved(): void {
    this.#version++;
    this.#content++;
  }

  /** The order of arrival may have grown, or have begun anew. */
  arrived({ epoch, arrivals }: OrderEnd): void {
    const { epoch: old, arrivals: last } = this.#heard;
    this.#heard = { epoch, arrivals };
    if (epoch !== old || arrivals !== last) this.onArrival.tell(() => undefined);
  }

  /** Items below the floor have left the set. No session offers them, so the version stays. */
  pruned(pruned: Pruned): void {
    this.#content++;
    this.onPruned.tell(() => pruned);
  }

  /** Items that are refused have left the set. */
  dropped(keys: readonly ItemKey[]): void {
    this.moved();
    this.onDropped.tell(() => keys);
  }

  /** An item was found damaged and has left the set. */
  damaged(key: ItemKey): void {
    this.moved();
    this.onDamaged.tell(() => key);
  }
}
