import { bytesToKey } from '../../store/index.ts';

/** Ids remembered; with more, the oldest are forgotten, and tried once more when a session finds them. */
const MAX_IDS = 65_536;
/** So many peers are believed that an item is too large, whatever others say. */
const WITNESSES = 2;

/**
 * Items that our limits do not let in, so that they are not asked for again. How large an item is we
 * know by the word of a peer alone: another one that has it is asked as well.
 */
export class RefusedIds {
  readonly #witnesses = new Map<string, readonly string[]>();

  get size(): number {
    return this.#witnesses.size;
  }

  has(id: Uint8Array): boolean {
    return this.#witnesses.has(bytesToKey(id));
  }

  /** Whether there is no use in asking `peer` for it. */
  hasFrom(peer: string, id: Uint8Array): boolean {
    const witnesses = this.#witnesses.get(bytesToKey(id)) ?? [];
    return witnesses.length >= WITNESSES || witnesses.includes(peer);
  }

  add(peer: string, id: Uint8Array): void {
    const key = bytesToKey(id);
    const known = this.#witnesses.get(key) ?? [];
    if (known.includes(peer) || known.length >= WITNESSES) return;
    this.#witnesses.set(key, [...known, peer]);
    if (this.#witnesses.size > MAX_IDS) {
      this.#witnesses.delete(this.#witnesses.keys().next().value!);
    }
  }

  /** The item is here: it was not too large. */
  delete(id: Uint8Array): void {
    if (this.#witnesses.size > 0) this.#witnesses.delete(bytesToKey(id));
  }
}
