/** A claim on an id, and the listings whose queues have passed the id over since. */
export interface Claim {
  readonly peer: string;
  /** The id is known to be large, by now. */
  readonly large: boolean;
  readonly passed: string[];
}

/** Which ids are in flight, and for which peer. Ids are keys. */
export class Claims {
  readonly #claims = new Map<string, Claim>();
  #large = 0;

  get size(): number {
    return this.#claims.size;
  }

  /** Claims on ids known to be large. */
  get large(): number {
    return this.#large;
  }

  has(key: string): boolean {
    return this.#claims.has(key);
  }

  get(key: string): Claim | undefined {
    return this.#claims.get(key);
  }

  /** The ids in flight for `peer`. */
  of(peer: string): string[] {
    return [...this.#claims.keys()].filter((key) => this.#claims.get(key)!.peer === peer);
  }

  begin(key: string, claim: Claim): void {
    this.#claims.set(key, claim);
    if (claim.large) this.#large++;
  }

  end(key: string): void {
    if (this.#claims.get(key)?.large) this.#large--;
    this.#claims.delete(key);
  }

  /** An id turned out to be large, or its length is not known any more. */
  resize(key: string, large: boolean): void {
    const claim = this.#claims.get(key);
    if (claim === undefined) return;
    this.end(key);
    this.begin(key, { ...claim, large });
  }
}
