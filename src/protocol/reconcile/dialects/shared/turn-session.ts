import type { Snapshot } from '../../../../store/index.ts';
import { outOfTurn, spent } from '../../../errors.ts';
import type { Role, Session, Step } from '../../dialect.ts';
import type { SessionLimits } from '../../options.ts';

export interface TurnSessionInit {
  role: Role;
  snapshot: Snapshot;
  limits: SessionLimits;
}

/** A session in which each frame answers the one before it: order and budgets. */
export abstract class TurnSession implements Session {
  readonly role: Role;
  equal = false;
  protected readonly snapshot: Snapshot;
  protected readonly limits: SessionLimits;
  #state: 'fresh' | 'running' | 'ended' = 'fresh';
  #rounds = 0;
  #visited = 0;

  constructor({ role, snapshot, limits }: TurnSessionInit) {
    this.role = role;
    this.snapshot = snapshot;
    this.limits = limits;
  }

  /** Throws `UNEXPECTED_FRAME` when called twice. */
  start(): Step {
    if (this.#state !== 'fresh') throw outOfTurn('a session is started once');
    this.#state = 'running';
    return this.role === 'initiator' ? this.open() : { frames: [], missing: [], done: false };
  }

  /**
   * An answer that throws ends the session. Throws `UNEXPECTED_FRAME` before the start and after the
   * end, `BUDGET_SPENT`.
   */
  receive(frame: Uint8Array): Step {
    if (this.#state !== 'running') {
      throw outOfTurn(
        `a frame came, and the session ${this.#state === 'fresh' ? 'was not started' : 'has ended'}`,
      );
    }
    this.#state = 'ended';
    this.#spend();
    const step = this.answer(frame);
    if (!step.done) this.#state = 'running';
    return step;
  }

  /** Ids found missing so far. */
  protected abstract get learnt(): number;

  /** The first step of an initiator. */
  protected abstract open(): Step;

  protected abstract answer(frame: Uint8Array): Step;

  /** Whether the frame that is being answered is the peer's first. */
  protected get first(): boolean {
    return this.#rounds === 1;
  }

  /** Items that this frame may still make us read; none below 1. */
  protected get left(): number {
    return this.limits.maxVisitedItems - this.#visited;
  }

  protected visit(items: number): void {
    this.#visited += items;
  }

  /** Whether the work for this frame is used up; each answered range counts as one item. */
  protected exhausted(): boolean {
    return this.#visited++ >= this.limits.maxVisitedItems;
  }

  #spend(): void {
    const { maxRounds, maxMissing } = this.limits;
    if (this.#rounds >= maxRounds) throw spent(`${maxRounds} messages`);
    if (this.learnt >= maxMissing) throw spent(`${maxMissing} missing ids`);
    this.#rounds++;
    this.#visited = 0;
  }
}
