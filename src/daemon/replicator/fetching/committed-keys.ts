import { bytesToKey, type ItemKey } from '../../../store/index.ts';

/**
 * The ids of a commit as keys of maps. They are made once for all parts, and only if a part looks for some: in a
 * catch-up that streams hardly any part does, and they would be most of the work.
 */
export class CommittedKeys implements Iterable<string> {
  readonly #added: readonly ItemKey[];
  #keys: readonly string[] | null = null;

  constructor(added: readonly ItemKey[]) {
    this.#added = added;
  }

  get length(): number {
    return this.#added.length;
  }

  [Symbol.iterator](): Iterator<string> {
    this.#keys ??= this.#added.map(({ id }) => bytesToKey(id));
    return this.#keys[Symbol.iterator]();
  }
}
