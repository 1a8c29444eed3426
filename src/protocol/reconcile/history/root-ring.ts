import { equalBytes } from '../../../store/index.ts';
import { ROOT_BYTES } from '../root.ts';

const LEAST_ROOTS = 64;

/** The last roots of a set with their places, in order. */
export class RootRing {
  readonly #max: number;
  #roots = new Uint8Array(0);
  #places = new Float64Array(0);
  /** Position of the first one. */
  #first = 0;
  #size = 0;

  constructor(maxRoots: number) {
    this.#max = Math.max(1, maxRoots);
  }

  clear(): void {
    this.#first = 0;
    this.#size = 0;
  }

  /** Adds a root; the first one leaves where there is no room. */
  add(root: Uint8Array, place: number): void {
    if (this.#size === this.#places.length) this.#makeRoom();
    const at = (this.#first + this.#size++) % this.#places.length;
    this.#roots.set(root, at * ROOT_BYTES);
    this.#places[at] = place;
  }

  /** The root at a place; null where none is kept. */
  at(place: number): Uint8Array | null {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#place(middle) < place) low = middle + 1;
      else high = middle;
    }
    return low < this.#size && this.#place(low) === place ? this.#root(low) : null;
  }

  /** The place of a root; null where it is not kept. */
  find(root: Uint8Array): number | null {
    for (let i = this.#size - 1; i >= 0; i--) {
      const at = this.#position(i) * ROOT_BYTES;
      if (this.#roots[at] !== root[0] || this.#roots[at + 1] !== root[1]) continue;
      if (equalBytes(this.#root(i), root)) return this.#place(i);
    }
    return null;
  }

  #makeRoom(): void {
    const capacity = Math.min(this.#max, Math.max(LEAST_ROOTS, 2 * this.#size));
    if (capacity === this.#size) {
      this.#first = (this.#first + 1) % capacity;
      this.#size--;
      return;
    }
    // It has never lost a root so far: the first one stands at the begin.
    const [roots, places] = [this.#roots, this.#places];
    this.#roots = new Uint8Array(capacity * ROOT_BYTES);
    this.#places = new Float64Array(capacity);
    this.#roots.set(roots);
    this.#places.set(places);
  }

  #position(i: number): number {
    return (this.#first + i) % this.#places.length;
  }

  #place(i: number): number {
    return this.#places[this.#position(i)]!;
  }

  #root(i: number): Uint8Array {
    const at = this.#position(i) * ROOT_BYTES;
    return this.#roots.subarray(at, at + ROOT_BYTES);
  }
}
