import type { ItemKey } from '../item.ts';
import { Listeners } from './listeners.ts';
import type { ReplicaLogger } from './types.ts';

/** The version of the set, which grows with every change, and the listeners of changes. */
export class SetChanges {
  readonly onAdded: Listeners<readonly ItemKey[]>;
  readonly onDamaged: Listeners<ItemKey>;
  #version = 0;

  constructor(logger: ReplicaLogger | undefined) {
    this.onAdded = new Listeners(logger);
    this.onDamaged = new Listeners(logger);
  }

  get version(): number {
    return this.#version;
  }

  moved(): void {
    this.#version++;
  }

  /** An item was found damaged and has left the set. */
  damaged(key: ItemKey): void {
    this.moved();
    this.onDamaged.tell(() => key);
  }
}
