import type { Random } from '../../environment.ts';
import { systemRandom } from '../../system/index.ts';

interface IdEntry<Value> {
  readonly id: Uint8Array;
  readonly value: Value;
  /** The next entry of the same bucket. */
  next: IdEntry<Value> | undefined;
}

/** A power of two, as all counts of buckets are. */
const FIRST_BUCKETS = 16;

/**
 * Values by id, for maps that every item passes through. The first bytes of an id and a secret choose its bucket: a
 * string of all 32 bytes costs several times as much, and without the secret a peer could make items whose ids all
 * fall into one bucket. A `Map` with as many deletions moves to a new table again and again, and each old table keeps
 * the garbage of its time alive. The buckets stay, also once the map is empty.
 */
export class IdMap<Value> {
  #buckets = newBuckets<Value>(FIRST_BUCKETS);
  /** Leaves as many bits of a hash as choose a bucket. */
  #shift = 32 - Math.log2(FIRST_BUCKETS);
  #size = 0;
  readonly #factors: readonly [number, number];

  /** @param random @default that of the platform */
  constructor(random: Pick<Random, 'bytes'> = systemRandom) {
    const bytes = random.bytes(8);
    this.#factors = [wordOf(bytes, 0) | 1, wordOf(bytes, 4) | 1];
  }

  get size(): number {
    return this.#size;
  }

  get(id: Uint8Array): Value | undefined {
    for (let entry = this.#buckets[this.#at(id)]; entry !== undefined; entry = entry.next) {
      if (sameId(entry.id, id)) return entry.value;
    }
    return undefined;
  }

  add(id: Uint8Array, value: Value): void {
    if (this.#size === this.#buckets.length) this.#grow();
    this.#link({ id, value, next: undefined });
    this.#size++;
  }

  delete(id: Uint8Array): void {
    const at = this.#at(id);
    let before: IdEntry<Value> | undefined;
    for (let entry = this.#buckets[at]; entry !== undefined; entry = entry.next) {
      if (sameId(entry.id, id)) {
        if (before === undefined) this.#buckets[at] = entry.next;
        else before.next = entry.next;
        this.#size--;
        return;
      }
      before = entry;
    }
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = newBuckets(2 * old.length);
    this.#shift--;
    for (let entry of old) {
      while (entry !== undefined) {
        const { next }: IdEntry<Value> = entry;
        this.#link(entry);
        entry = next;
      }
    }
  }

  #link(entry: IdEntry<Value>): void {
    const at = this.#at(entry.id);
    entry.next = this.#buckets[at];
    this.#buckets[at] = entry;
  }

  /** The upper bits of a sum of products: two ids share them by chance alone, whatever their bytes are. */
  #at(id: Uint8Array): number {
    const [first, second] = this.#factors;
    const sum = Math.imul(wordOf(id, 0), first) + Math.imul(wordOf(id, 4), second);
    return (sum | 0) >>> this.#shift;
  }
}

function newBuckets<Value>(count: number): (IdEntry<Value> | undefined)[] {
  return new Array<IdEntry<Value> | undefined>(count).fill(undefined);
}

function wordOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function sameId(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
