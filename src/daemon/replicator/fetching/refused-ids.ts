import { bytesToKey } from '../../../store/index.ts';

export interface RefusedIdsInit {
  /**
   * Words remembered; with more, the ids said first are forgotten, and tried once more.
   * @default 131_072
   */
  maxWords?: number;
  /**
   * Peers remembered for one id; with more, the first is asked once more when it lists the id again.
   * @default 64
   */
  maxWitnesses?: number;
}

/**
 * Items that peers say to be above the limits of this node. A peer that said so is not asked again;
 * any other peer that lists the item is, for the size is only the word of a peer.
 */
export class RefusedIds {
  readonly #witnesses = new Map<string, Set<string>>();
  readonly #maxWords: number;
  readonly #maxWitnesses: number;
  #words = 0;

  constructor({ maxWords = 131_072, maxWitnesses = 64 }: RefusedIdsInit = {}) {
    this.#maxWords = maxWords;
    this.#maxWitnesses = maxWitnesses;
  }

  get size(): number {
    return this.#witnesses.size;
  }

  /** Whether any peer says that the item is too large. */
  has(id: Uint8Array): boolean {
    return this.#witnesses.has(bytesToKey(id));
  }

  /** Whether `peer` itself says so. */
  hasFrom(peer: string, id: Uint8Array): boolean {
    if (this.#witnesses.size === 0) return false;
    return this.#witnesses.get(bytesToKey(id))?.has(peer) ?? false;
  }

  add(peer: string, id: Uint8Array): void {
    const key = bytesToKey(id);
    const known = this.#witnesses.get(key) ?? new Set();
    if (known.has(peer)) return;
    this.#witnesses.set(key, known.add(peer));
    if (known.size > this.#maxWitnesses) known.delete(known.values().next().value!);
    else this.#words++;
    if (this.#words > this.#maxWords) this.#forget(this.#witnesses.keys().next().value!);
  }

  /** The item is here, so it was not too large. Returns the peers that said so. */
  delete(id: Uint8Array): Iterable<string> {
    if (this.#witnesses.size === 0) return [];
    const key = bytesToKey(id);
    const witnesses = this.#witnesses.get(key) ?? [];
    this.#forget(key);
    return witnesses;
  }

  #forget(key: string): void {
    this.#words -= this.#witnesses.get(key)?.size ?? 0;
    this.#witnesses.delete(key);
  }
}
