interface IdEntry<Value> {
  readonly id: Uint8Array;
  readonly value: Value;
  /** The next entry of the same number. */
  readonly next: IdEntry<Value> | undefined;
}

/**
 * Values by id, for maps that every item passes through. Ids are hashes, so the number in the first bytes
 * of an id is its key: a string of all 32 bytes costs several times as much.
 */
export class IdMap<Value> {
  readonly #entries = new Map<number, IdEntry<Value>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: Uint8Array): Value | undefined {
    for (let entry = this.#entries.get(numberOf(id)); entry !== undefined; entry = entry.next) {
      if (sameId(entry.id, id)) return entry.value;
    }
    return undefined;
  }

  add(id: Uint8Array, value: Value): void {
    const number = numberOf(id);
    this.#entries.set(number, { id, value, next: this.#entries.get(number) });
    this.#size++;
  }

  delete(id: Uint8Array): void {
    const number = numberOf(id);
    const first = this.#entries.get(number);
    if (first === undefined) return;
    const rest = without(first, id);
    if (rest === undefined) this.#entries.delete(number);
    else this.#entries.set(number, rest);
    if (rest !== first) this.#size--;
  }
}

function without<Value>(entry: IdEntry<Value>, id: Uint8Array): IdEntry<Value> | undefined {
  if (sameId(entry.id, id)) return entry.next;
  if (entry.next === undefined) return entry;
  const next = without(entry.next, id);
  return next === entry.next ? entry : { ...entry, next };
}

/** The first 30 bits: a larger number would be an object of its own, made anew for each look. */
function numberOf(id: Uint8Array): number {
  return id[0]! | (id[1]! << 8) | (id[2]! << 16) | ((id[3]! & 0x3f) << 24);
}

function sameId(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
