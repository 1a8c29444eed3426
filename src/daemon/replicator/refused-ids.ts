import { bytesToKey } from '../../store/index.ts';

/** Ids remembered; with more, the oldest are forgotten, and tried once more when a session finds them. */
const MAX_IDS = 65_536;

/** Items that our limits do not let in, so that they are not asked for again and again. */
export class RefusedIds {
  readonly #keys = new Set<string>();

  get size(): number {
    return this.#keys.size;
  }

  add(id: Uint8Array): void {
    this.#keys.add(bytesToKey(id));
    if (this.#keys.size <= MAX_IDS) return;
    const [oldest] = this.#keys;
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  has(id: Uint8Array): boolean {
    return this.#keys.has(bytesToKey(id));
  }
}
