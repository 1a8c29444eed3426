import type { Snapshot } from '../../../../store/index.ts';
import { outOfTurn, spent, unexpected } from '../../../errors.ts';
import type { Role, Session, Step } from '../../dialect.ts';
import type { SessionLimits } from '../../options.ts';
import { takeFrame } from './checks.ts';
import { LOOKUP_COST, Meter, SLICE_WORK } from './meter.ts';

/** The answer to a frame. It yields findings, or nothing, when its share of the turn is used up. */
export type Slices<Result = Step> = Generator<
  Partial<Pick<Step, 'missing' | 'have'>> | undefined,
  Result
>;

export interface TurnSessionInit {
  role: Role;
  snapshot: Snapshot;
  limits: SessionLimits;
}

/** A session in which each frame answers the one before it: order, budgets, and work in slices. */
export abstract class TurnSession implements Session {
  readonly role: Role;
  equal = false;
  protected readonly snapshot: Snapshot;
  protected readonly limits: SessionLimits;
  readonly #meter = new Meter(SLICE_WORK);
  /** The answer that is being made. */
  #work: Slices | null = null;
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
  receive(frame: Uint8Array, share?: number): Step {
    if (this.#state !== 'running') {
      throw outOfTurn(
        `a frame came, and the session ${this.#state === 'fresh' ? 'was not started' : 'has ended'}`,
      );
    }
    if (this.#work !== null) throw unexpected('call proceed before the next frame');
    const own = takeFrame(frame, this.limits.maxInboundBytes);
    this.#state = 'ended';
    this.#spend();
    this.#work = this.answer(own);
    return this.#continue(this.#work, share);
  }

  /** The next slice of the answer. */
  proceed(_room: boolean, share?: number): Step {
    if (this.#work === null || this.#state !== 'running') throw outOfTurn('no frame is answered');
    return this.#continue(this.#work, share);
  }

  get differs(): boolean {
    return this.#rounds > 0 && this.#work === null && !this.equal;
  }

  /** Ids found missing so far. */
  protected abstract get learnt(): number;

  /** The first step of an initiator. */
  protected abstract open(): Step;

  protected abstract answer(frame: Uint8Array): Slices;

  /** The share of this turn is used up. */
  protected get over(): boolean {
    return this.#meter.over;
  }

  /** Whether the frame that is being answered is the peer's first. */
  protected get first(): boolean {
    return this.#rounds === 1;
  }

  /** Items that this frame may still make us read; none below 1. */
  protected get left(): number {
    return this.limits.maxVisitedItems - this.#visited;
  }

  /** Items count, before they are read, against the frame and the slice. */
  protected visit(items: number): void {
    this.#visited += items;
    this.#meter.spend(items * LOOKUP_COST);
  }

  /** Whether the work for this frame is used up; each range counts as one item. */
  protected exhausted(): boolean {
    const exhausted = this.left <= 0;
    this.visit(1);
    return exhausted;
  }

  #continue(work: Slices, share?: number): Step {
    this.#state = 'ended';
    this.#meter.refill(share);
    const { done = false, value } = work.next();
    if (done) this.#work = null;
    const slice: Step = { frames: [], missing: [], done: false, pending: 'work' };
    const step = done ? (value as Step) : { ...slice, ...value };
    if (!step.done) this.#state = 'running';
    return step;
  }

  #spend(): void {
    const { maxRounds, maxMissing } = this.limits;
    if (this.#rounds >= maxRounds) throw spent(`${maxRounds} messages`);
    if (this.learnt >= maxMissing) throw spent(`${maxMissing} missing ids`);
    this.#rounds++;
    this.#visited = 0;
  }
}
