/** Quick numbers by chance that a seed decides: a fuzzer draws many for each input. */
export class Dice {
  #state: number;

  constructor(seed: number, name = '') {
    let state = seed ^ 0x9e3779b9;
    for (const unit of name) state = Math.imul(state ^ unit.codePointAt(0)!, 0x01000193);
    this.#state = state === 0 ? 1 : state;
  }

  /** A whole number from 0, below `bound`. Xorshift (Marsaglia 2003). */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }

  of<Thing>(things: readonly Thing[]): Thing {
    return things[this.below(things.length)]!;
  }
}
