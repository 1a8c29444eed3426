import { bytesToHex, ID_BYTES, lthash } from '../../store/index.ts';
import type { ExportTrailer } from './records.ts';

/** Ids added to the sum at once. */
const TOGETHER = 256;

/** Counts items, and sums up their ids to the fingerprint of their set. */
export class ItemTally {
  readonly #state = lthash.empty();
  readonly #ids = new Uint8Array(TOGETHER * ID_BYTES);
  #waiting = 0;
  #items = 0;
  #bytes = 0;

  get items(): number {
    return this.#items;
  }

  add(id: Uint8Array, bytes: number): void {
    this.#ids.set(id, this.#waiting * ID_BYTES);
    this.#items++;
    this.#bytes += bytes;
    if (++this.#waiting === TOGETHER) this.#sum();
  }

  /** The trailer of an export of these items. */
  total(): ExportTrailer {
    this.#sum();
    const fingerprint = bytesToHex(lthash.digest(this.#state, this.#items));
    return { items: this.#items, bytes: this.#bytes, fingerprint };
  }

  #sum(): void {
    lthash.add(this.#state, this.#ids.subarray(0, this.#waiting * ID_BYTES));
    this.#waiting = 0;
  }
}
