/** One item as both kinds of input know it. */
export interface Input {
  readonly hint: bigint;
  readonly id: Uint8Array;
}

export type Side = 'a' | 'b';

/** Two sets: `n` items in both together, `d` of them on one side alone, spread evenly. */
export class Sets {
  readonly n: number;
  readonly d: number;
  readonly #ids: Uint8Array;

  constructor(n: number, d: number) {
    this.n = n;
    this.d = d;
    this.#ids = randomBytes(n * 32);
  }

  /** The items of one side in ascending order, some at a time. */
  *batches(side: Side, size: number = 4096): Generator<Input[]> {
    let batch: Input[] = [];
    for (let i = 0; i < this.n; i++) {
      if ((this.ownerOf(i) ?? side) !== side) continue;
      batch.push({ hint: BigInt(1_600_000_000 + i), id: this.id(i) });
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  /** A copy of an id of its own, as programs have them. */
  id(i: number): Uint8Array {
    return this.#ids.slice(32 * i, 32 * i + 32);
  }

  /** The side that alone holds an item, or null when both do. */
  ownerOf(i: number): Side | null {
    const at = Math.floor((i * this.d) / this.n);
    const first = Math.ceil((at * this.n) / this.d);
    if (this.d === 0 || i !== first) return null;
    return at % 2 === 0 ? 'a' : 'b';
  }

  /** Hex of the ids that one side alone holds, sorted. */
  only(side: Side): string[] {
    const owned: string[] = [];
    for (let i = 0; i < this.n; i++) {
      if (this.ownerOf(i) === side) owned.push(Buffer.from(this.id(i)).toString('hex'));
    }
    return owned.sort();
  }
}

/** The same bytes every time (splitmix32), spread well enough to be ids. */
function randomBytes(length: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) {
    let word = Math.imul(i + 1, 0x9e3779b9);
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    words[i] = word ^ (word >>> 15);
  }
  return new Uint8Array(words.buffer);
}
