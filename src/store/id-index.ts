import { bytesToKey } from './bytes.ts';
import { checkKey, compareKeys, type ItemKey } from './item.ts';

/**
 * The ids removed since a point in time. A snapshot holds the epoch it was taken in. Links lead forward
 * only, so epochs without a snapshot are garbage.
 */
interface Epoch {
  /** Hint of each id at its first removal in this epoch. */
  readonly removed: Map<string, bigint>;
  /** Some snapshot was taken in this epoch. */
  observed: boolean;
  next: Epoch | undefined;
}

/** Asks under which hints an id may stand in the set as it was at some moment. */
export interface IdView {
  /** At most two: the present hint, and the hint before the first removal since that moment. */
  candidates(id: Uint8Array): Iterable<bigint>;
}

/** The hint of each id, now and at the moment of every view. */
export class IdIndex {
  readonly #hints = new Map<string, bigint>();
  #epoch: Epoch = newEpoch();

  get size(): number {
    return this.#hints.size;
  }

  get(id: Uint8Array): bigint | undefined {
    return this.#hints.get(bytesToKey(id));
  }

  /** Notes an id; false when it is there already. */
  add(id: Uint8Array, hint: bigint): boolean {
    const key = bytesToKey(id);
    if (this.#hints.has(key)) return false;
    this.#hints.set(key, hint);
    return true;
  }

  /** Forgets an id; its hint, or undefined when it was not there. */
  remove(id: Uint8Array): bigint | undefined {
    const key = bytesToKey(id);
    const hint = this.#hints.get(key);
    if (hint === undefined) return undefined;
    this.#hints.delete(key);
    const { observed, removed } = this.#epoch;
    if (observed && !removed.has(key)) removed.set(key, hint);
    return hint;
  }

  /** Notes keys; returns the keys with new ids, in order. Throws for an invalid key. */
  addAll(keys: readonly ItemKey[]): ItemKey[] {
    for (const key of keys) checkKey(key);
    return keys.filter(({ id, hint }) => this.add(id, hint)).sort(compareKeys);
  }

  /** Forgets ids; returns the keys of the ids that were there, in order. */
  removeAll(ids: readonly Uint8Array[]): ItemKey[] {
    return ids
      .flatMap((id) => {
        const hint = this.remove(id);
        return hint === undefined ? [] : [{ hint, id }];
      })
      .sort(compareKeys);
  }

  /** The index as it is now, for a snapshot of the same moment. */
  view(): IdView {
    if (this.#epoch.removed.size > 0) {
      const next = newEpoch();
      this.#epoch.next = next;
      this.#epoch = next;
    }
    this.#epoch.observed = true;
    const epoch = this.#epoch;
    return { candidates: (id) => this.#candidates(epoch, bytesToKey(id)) };
  }

  *#candidates(since: Epoch, key: string): Iterable<bigint> {
    const current = this.#hints.get(key);
    if (current !== undefined) yield current;
    for (let epoch: Epoch | undefined = since; epoch !== undefined; epoch = epoch.next) {
      const earlier = epoch.removed.get(key);
      if (earlier === undefined) continue;
      yield earlier;
      return;
    }
  }
}

function newEpoch(): Epoch {
  return { removed: new Map(), observed: false, next: undefined };
}
