import type { Item, ItemKey } from '../../store/index.ts';
import type { ItemRefusal } from './refusal.ts';

/** Where an item comes from. */
export interface ItemOrigin {
  readonly via: 'http' | 'push' | 'fetch';
  /** The peer that sent it; null for an item that is put here. */
  readonly peer: string | null;
  /** The node that published it; null where nothing proves it. */
  readonly publisher: string | null;
}

/** An item without its payload. */
export interface GuardedKey extends ItemKey {
  /** Payload bytes. */
  readonly bytes: number;
}

/** One verdict for each item, in order; null: it may be taken. */
export type Verdicts = readonly (ItemRefusal | null)[];

/** Decides which items this node takes, ahead of the store. */
export interface ItemGuard {
  /** By key alone, at once. Costs nothing that waits. */
  refusalOf(key: GuardedKey, origin: ItemOrigin): ItemRefusal | null;
  /** By key, then by content. Null at once if all items may be taken and nothing must be asked. Never rejects. */
  judge(items: readonly Item[], origin: ItemOrigin): Promise<Verdicts> | null;
  /** The items that `judge` was asked about are on disk, or will not be. */
  settled(items: readonly Item[]): void;
  /** Whether anything of this peer is taken at present. */
  takesFrom(peer: string): boolean;
}

/** One reason to refuse items. */
export interface GuardCheck {
  /** Must not keep the key: it stands for another item later. */
  refusalOf(key: GuardedKey, origin: ItemOrigin): ItemRefusal | null;
  /**
   * Hears of the items that no check refuses by key, nor a check before this one. Null at once if all may be
   * taken. Must not reject.
   * @default the key decides
   */
  judge?(items: readonly Item[], origin: ItemOrigin): Promise<Verdicts> | null;
  /** @default nothing is kept of items that `judge` has taken */
  settled?(items: readonly Item[]): void;
  /** @default everything is taken that is not refused by itself */
  takesFrom?(peer: string): boolean;
}

/** The guard of these checks; the first that refuses an item gives the reason. */
export function guardOf(checks: readonly GuardCheck[]): ItemGuard {
  const refusalOf = (key: GuardedKey, origin: ItemOrigin): ItemRefusal | null => {
    for (const check of checks) {
      const refusal = check.refusalOf(key, origin);
      if (refusal !== null) return refusal;
    }
    return null;
  };
  const asked = checks.filter(({ judge }) => judge !== undefined);
  return {
    refusalOf,
    judge(items, origin) {
      if (checks.length === 0) return null;
      const key = new KeyOfItem();
      const verdicts = items.map((item) => refusalOf(key.of(item), origin));
      if (verdicts.some((refusal) => refusal !== null)) {
        return askAll(asked, items, verdicts, origin);
      }
      for (const [at, check] of asked.entries()) {
        const answers = check.judge!(items, origin);
        if (answers === null) continue;
        return answers.then((known) => askAll(asked.slice(at + 1), items, known, origin));
      }
      return null;
    },
    settled(items) {
      for (const check of checks) check.settled?.(items);
    },
    takesFrom: (peer) => checks.every((check) => check.takesFrom?.(peer) !== false),
  };
}

/**
 * Reads the id only where a check does: that of an item that is put here is computed then. One key serves all items of
 * a call, since no check keeps it.
 */
class KeyOfItem implements GuardedKey {
  #item!: Item;

  of(item: Item): this {
    this.#item = item;
    return this;
  }

  get hint(): bigint {
    return this.#item.hint;
  }

  get bytes(): number {
    return this.#item.payload.length;
  }

  get id(): Uint8Array {
    return this.#item.id;
  }
}

async function askAll(
  checks: readonly GuardCheck[],
  items: readonly Item[],
  known: Verdicts,
  origin: ItemOrigin,
): Promise<Verdicts> {
  const verdicts = [...known];
  for (const check of checks) {
    const open = [...verdicts.keys()].filter((at) => verdicts[at] === null);
    if (open.length === 0) break;
    const answers = await check.judge!(
      open.map((at) => items[at]!),
      origin,
    );
    if (answers === null) continue;
    for (const [i, at] of open.entries()) verdicts[at] = answers[i] ?? null;
  }
  return verdicts;
}
