import { invariant } from '../../store/index.ts';

/** A claim on an id, and the listings whose queues have passed the id over since. */
export interface Claim {
  readonly peer: string;
  /** The id is known to be large, by now. */
  readonly large: boolean;
  readonly passed: string[];
}

/** Ids in flight, as keys, with their claims. */
export class Claims extends Map<string, Claim> {
  #large = 0;

  get large(): number {
    return this.#large;
  }

  override set(key: string, claim: Claim): this {
    const held = this.get(key)?.peer ?? claim.peer;
    invariant(held === claim.peer, 'process', 'CLAIMED_TWICE', [held, claim.peer]);
    this.delete(key);
    if (claim.large) this.#large++;
    return super.set(key, claim);
  }

  override delete(key: string): boolean {
    if (this.get(key)?.large) this.#large--;
    invariant(this.#large >= 0, 'process', 'CLAIMS_LARGE', this.#large);
    return super.delete(key);
  }

  /** An id turned out to be large, or its length is not known any more. */
  resize(key: string, large: boolean): void {
    const claim = this.get(key);
    if (claim !== undefined) this.set(key, { ...claim, large });
  }
}
