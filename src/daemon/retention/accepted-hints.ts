import { EVERYTHING, type Interval } from '../../protocol/index.ts';
import type { Clock, Retention } from '../../store/index.ts';
import type { HintOptions } from './options.ts';

interface AcceptedHintsInit {
  clock: Pick<Clock, 'now'>;
  retention: Pick<Retention, 'floor'>;
  options: HintOptions;
}

/** Which hints this node accepts at present. */
export class AcceptedHints {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #retention: Pick<Retention, 'floor'>;
  #options: HintOptions;
  /** The highest ceiling that sessions were given. */
  #highest = 0n;

  constructor({ clock, retention, options }: AcceptedHintsInit) {
    this.#clock = clock;
    this.#retention = retention;
    this.#options = options;
  }

  change(options: HintOptions): void {
    this.#options = options;
    this.#highest = 0n;
  }

  /** Hints are milliseconds since the epoch. */
  get areTimes(): boolean {
    return this.#options.unit === 'milliseconds';
  }

  /** The lowest hint that is taken; it never falls. */
  get floor(): bigint {
    return this.#retention.floor;
  }

  /** Milliseconds by which a new hint may be ahead of the clock; null: there is no bound. */
  get maxAheadMs(): number | null {
    const { unit, maxAhead } = this.#options;
    return unit === 'none' || maxAhead === 0 ? null : maxAhead;
  }

  /** The highest hint of a new item; null: there is no bound. */
  get ceiling(): bigint | null {
    const { maxAheadMs } = this;
    if (maxAheadMs === null) return null;
    return BigInt(Math.max(0, this.#clock.now()) + maxAheadMs);
  }

  /**
   * The part of the key space that is reconciled. Its end does not follow a clock that is set back: held items
   * would lie outside, and peers would seem to lack them.
   */
  get interval(): Interval {
    const { floor, ceiling } = this;
    const lower = { hint: floor, id: null };
    if (ceiling === null) return { lower, upper: EVERYTHING.upper };
    if (ceiling > this.#highest) this.#highest = ceiling;
    const end = this.#highest + 1n;
    return { lower, upper: { hint: end > floor ? end : floor, id: null } };
  }
}
