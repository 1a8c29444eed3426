import type { Announce } from '../../../protocol/index.ts';
import type { Item, ItemKey, NewItem, PutResult, Replica } from '../../../store/index.ts';

export interface OwnItemsInit {
  replica: Replica;
  /** Where the mesh is told; null while it is not. */
  announce: () => Announce | null;
  /** Items are on disk, and whoever hears us has been told of them. */
  spread: (keys: readonly ItemKey[]) => void;
  /** Others may have got what is not on our disk. */
  astray: () => void;
  /** How many peers have connected so far. */
  met: () => number;
}

/**
 * Items that are put here, on their way to the disk and to the mesh. Those that travel whole go out while
 * our own disk is being written: the others check and keep them without us. Of longer ones the key
 * goes out once we can be asked for them.
 */
export class OwnItems {
  readonly #init: OwnItemsInit;

  constructor(init: OwnItemsInit) {
    this.#init = init;
  }

  /** Resolves once the items are on our disk. When that fails, others may have got them all the same. */
  async put(items: readonly NewItem[]): Promise<PutResult[]> {
    const { replica, announce, spread, astray, met } = this.#init;
    const inlineBytes = announce()?.inlineBytes ?? 0;
    let fresh: readonly Item[] = [];
    let told = 0;
    const metBefore = met();
    const tell = (some: readonly Item[]): void => {
      told += announce()?.announce(some) ?? 0;
    };
    const isLong = ({ payload }: Item): boolean => payload.length > inlineBytes;
    const queued = (taken: readonly Item[]): void => {
      fresh = taken;
      tell(taken.filter((item) => !isLong(item)));
    };
    const results = await replica.put(items, { queued }).catch((error) => {
      if (told > 0) astray();
      throw error;
    });
    tell(fresh.filter(isLong));
    // Who came in between may have missed the push, and its session the commit.
    if (fresh.length > 0 && told === fresh.length && met() === metBefore) spread(fresh);
    return results;
  }
}
