import { outOfTurn, spent } from '../../../errors.ts';
import type { Step } from '../../dialect.ts';
import type { SessionLimits } from '../../options.ts';

/** Order and budgets of a session in which each frame answers the one before it. */
export class Turns {
  readonly #limits: SessionLimits;
  #state: 'fresh' | 'running' | 'ended' = 'fresh';
  #rounds = 0;
  #visited = 0;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  /** Whether the frame that is being answered is the peer's first. */
  get first(): boolean {
    return this.#rounds === 1;
  }

  /** Items that this frame may still make us read; none below 1. */
  get left(): number {
    return this.#limits.maxVisitedItems - this.#visited;
  }

  /** Throws `UNEXPECTED_FRAME` when called twice. */
  start(): void {
    if (this.#state !== 'fresh') throw outOfTurn('a session is started once');
    this.#state = 'running';
  }

  /**
   * Answers one frame; an answer that throws ends the session. `missing`: ids learnt before. Throws
   * `UNEXPECTED_FRAME` before the start and after the end, `BUDGET_SPENT`.
   */
  take(missing: number, answer: () => Step): Step {
    if (this.#state !== 'running') {
      throw outOfTurn(
        `a frame came, and the session ${this.#state === 'fresh' ? 'was not started' : 'has ended'}`,
      );
    }
    this.#state = 'ended';
    this.#spend(missing);
    const step = answer();
    if (!step.done) this.#state = 'running';
    return step;
  }

  visit(items: number): void {
    this.#visited += items;
  }

  /** Whether the work for this frame is used up; each answered range counts as one item. */
  exhausted(): boolean {
    return this.#visited++ >= this.#limits.maxVisitedItems;
  }

  #spend(missing: number): void {
    const { maxRounds, maxMissing } = this.#limits;
    if (this.#rounds >= maxRounds) throw spent(`${maxRounds} messages`);
    if (missing >= maxMissing) throw spent(`${maxMissing} missing ids`);
    this.#rounds++;
    this.#visited = 0;
  }
}
