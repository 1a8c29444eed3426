import type { ByteBudget, Release } from './byte-budget.ts';

/** What one holder has of a budget, when that changes all the time. */
export class Holding {
  readonly #budget: Pick<ByteBudget, 'tryTake'>;
  readonly #holder: string;
  #bytes = 0;
  #release: Release | null = null;

  constructor(budget: Pick<ByteBudget, 'tryTake'>, holder: string) {
    this.#budget = budget;
    this.#holder = holder;
  }

  /** Holds `bytes` from now on, instead of those before; false: they do not fit, and it holds none. */
  hold(bytes: number): boolean {
    if (bytes === this.#bytes) return true;
    this.#release?.();
    this.#release = bytes === 0 ? null : this.#budget.tryTake(this.#holder, bytes);
    const fits = bytes === 0 || this.#release !== null;
    this.#bytes = fits ? bytes : 0;
    return fits;
  }
}
