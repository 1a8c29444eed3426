import { type Bound, compareBounds } from '../../../../../store/index.ts';
import type { Interval, Surveyed } from '../../../dialect.ts';
import type { Context } from '../context.ts';
import { Announced } from './announced.ts';

/** Which sides settle differences. */
export interface Settling {
  readonly ours: boolean;
  readonly theirs: boolean;
}

/** The state of a session that both lanes of work share. */
export class Course {
  readonly settles: Settling;
  readonly announced: Announced = new Announced();
  /** The results of a survey. */
  readonly survey: Surveyed[] = [];
  /** The lowest bound of all ranges put off. */
  putOffFrom: Bound | null = null;
  /** The first spent budget for which ranges were put off. */
  spentOn: string | null = null;
  readonly #context: Context;

  constructor(context: Context, settles: Settling) {
    this.#context = context;
    this.settles = settles;
  }

  /** Ranges that we may still announce. */
  get room(): number {
    return this.#context.peer.maxRanges - this.announced.size;
  }

  /** The spent budget, if any: no range may be begun then. */
  get spent(): string | null {
    const { meter, ledger, limits } = this.#context;
    const { maxVisitedItems, maxMissing } = limits;
    if (meter.visited > maxVisitedItems) return `${maxVisitedItems} items read (maxVisitedItems)`;
    return ledger.theirs > maxMissing ? `${maxMissing} missing ids (maxMissing)` : null;
  }

  /** Nothing is put off: all that was is answered in another way. */
  restart(whole: Interval): void {
    this.announced.restart(whole);
    this.putOffFrom = null;
    this.spentOn = null;
  }

  /** Notes a range that is put off, and the spent budget if that is the reason. */
  noteOff(lower: Bound, spent: string | null): void {
    this.spentOn ??= spent;
    if (this.putOffFrom === null || compareBounds(lower, this.putOffFrom) < 0)
      this.putOffFrom = lower;
  }
}
