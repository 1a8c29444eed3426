interface IdEntry<Value> {
  readonly id: Uint8Array;
  readonly value: Value;
  /** The next entry of the same bucket. */
  next: IdEntry<Value> | undefined;
}

/** A power of two, as all counts of buckets are. */
const FIRST_BUCKETS = 16;

/**
 * Values by id, for maps that every item passes through. Ids are hashes, so the first bytes of an id choose its bucket:
 * a string of all 32 bytes costs several times as much. A `Map` with as many deletions moves to a new table again and
 * again, and each old table keeps the garbage of its time alive. The buckets stay, also once the map is empty.
 */
export class IdMap<Value> {
  #buckets = newBuckets<Value>(FIRST_BUCKETS);
  #size = 0;

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

  #at(id: Uint8Array): number {
    return numberOf(id) & (this.#buckets.length - 1);
  }
}

function newBuckets<Value>(count: number): (IdEntry<Value> | undefined)[] {
  return new Array<IdEntry<Value> | undefined>(count).fill(undefined);
}

/** The first 30 bits: a larger number would be an object of its own, made anew for each look. */
function numberOf(id: Uint8Array): number {
  return id[0]! | (id[1]! << 8) | (id[2]! << 16) | ((id[3]! & 0x3f) << 24);
}

function sameId(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
