export interface IdFilterInit {
  /**
   * Ids in the first layer, a power of two; each later layer holds as many as all layers before it.
   * Raising it makes small filters larger, and means fewer layers in large filters.
   * @default 524_288
   */
  firstCapacity?: number;
}

const FIRST_CAPACITY = 2 ** 19;

const BITS = 16;

/**
 * A Bloom filter of ids in layers, so that it can grow. Ids are hashes, so their own words are the
 * probes. It takes 2 bytes an id; of a thousand absent ids, one or two are taken for present.
 */
export class IdFilter {
  readonly #layers: Uint32Array[] = [];
  readonly #firstCapacity: number;
  #capacity = 0;
  #count = 0;

  constructor({ firstCapacity = FIRST_CAPACITY }: IdFilterInit = {}) {
    this.#firstCapacity = firstCapacity;
  }

  add(id: Uint8Array): void {
    if (this.#count === this.#capacity) this.#grow();
    this.#count++;
    const layer = this.#layers.at(-1)!;
    const mask = layer.length * 32 - 1;
    for (let word = 0; word < 6; word++) {
      const bit = wordAt(id, word) & mask;
      layer[bit >>> 5] = layer[bit >>> 5]! | (1 << (bit & 31));
    }
  }

  mayHold(id: Uint8Array): boolean {
    for (const layer of this.#layers) if (holds(layer, id)) return true;
    return false;
  }

  #grow(): void {
    const more = Math.max(this.#firstCapacity, this.#capacity);
    this.#layers.push(new Uint32Array((more * BITS) / 32));
    this.#capacity += more;
  }
}

function holds(layer: Uint32Array, id: Uint8Array): boolean {
  const mask = layer.length * 32 - 1;
  for (let word = 0; word < 6; word++) {
    const bit = wordAt(id, word) & mask;
    if ((layer[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
  }
  return true;
}

function wordAt(id: Uint8Array, word: number): number {
  const at = 4 * word;
  return id[at]! | (id[at + 1]! << 8) | (id[at + 2]! << 16) | (id[at + 3]! << 24);
}
