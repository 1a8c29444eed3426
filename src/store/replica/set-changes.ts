import type { ItemKey } from '../item.ts';
import { Listeners } from './listeners.ts';
import type { SetState } from './records/index.ts';
import type { ReplicaLogger } from './types.ts';

type OrderEnd = Pick<SetState, 'epoch' | 'arrivals'>;

/** The version of the set, which grows with every change, and the listeners of changes. */
export class SetChanges {
  readonly onAdded: Listeners<readonly ItemKey[]>;
  readonly onDamaged: Listeners<ItemKey>;
  readonly onArrival: Listeners<void>;
  #version = 0;
  #heard: OrderEnd = { epoch: 0n, arrivals: 0 };

  constructor(logger: ReplicaLogger | undefined) {
    this.onAdded = new Listeners(logger);
    this.onDamaged = new Listeners(logger);
    this.onArrival = new Listeners(logger);
  }

  get version(): number {
    return this.#version;
  }

  moved(): void {
    this.#version++;
  }

  /** The order of arrival may have grown, or have begun anew. */
  arrived({ epoch, arrivals }: OrderEnd): void {
    const { epoch: old, arrivals: last } = this.#heard;
    this.#heard = { epoch, arrivals };
    if (epoch !== old || arrivals !== last) this.onArrival.tell(() => undefined);
  }

  /** An item was found damaged and has left the set. */
  damaged(key: ItemKey): void {
    this.moved();
    this.onDamaged.tell(() => key);
  }
}
