import type { Clock, Replica, Retention } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import { FloorClock } from './floor-clock.ts';
import { type FloorGoal, floorGoal, type KeptItems } from './floor-goal.ts';
import type { RetentionOptions } from './options.ts';
import type { RetentionTrouble } from './types.ts';

export interface FloorKeeperInit {
  replica: Pick<Replica, 'snapshot' | 'figures'> & {
    readonly retention: Pick<Retention, 'floor' | 'believedAt' | 'raise' | 'believe'>;
  };
  clock: Clock;
  options: RetentionOptions;
  logger: Logger;
  /**
   * Whether hints are times at present: a floor ahead of the time would remove everything.
   * @default they never are
   */
  areTimes?: (() => boolean) | undefined;
  /**
   * Hears of each trouble when it begins.
   * @default nobody does
   */
  incident?: ((trouble: RetentionTrouble) => void) | undefined;
}

/** Time between two notes of the believed clock while the floor stands. */
const NOTE_MS = 3_600_000;

const NOTHING: KeptItems = { items: 0, storedBytes: 0, hintAt: () => 0n };

/** Raises the floor of the set as time passes and the set grows. */
export class FloorKeeper {
  readonly #init: FloorKeeperInit;
  readonly #clock: FloorClock;
  #options: RetentionOptions;
  #goal = 0n;
  #trouble: RetentionTrouble | null = null;
  /** The `minHint` ahead of the clock that an operator confirmed. */
  #confirmed: bigint | null = null;

  constructor(init: FloorKeeperInit) {
    const { replica, options } = init;
    this.#init = init;
    this.#options = options;
    this.#clock = new FloorClock({
      maxGapMs: options.maxClockGap,
      last: replica.retention.believedAt,
    });
  }

  /** The floor that the options ask for; 0n: none. */
  get goal(): bigint {
    return this.#goal;
  }

  /** Why the floor does not rise as far as it should. */
  get trouble(): RetentionTrouble | null {
    return this.#trouble;
  }

  change(options: RetentionOptions): void {
    this.#options = options;
    this.#clock.maxGapMs = options.maxClockGap;
  }

  /** Believes the wall clock as it was at the last look, or takes a floor that is ahead of it. */
  confirm(): void {
    if (this.#trouble?.code === 'FLOOR_AHEAD') this.#confirmed = this.#options.minHint;
    else this.#clock.confirm();
    if (this.#trouble?.code !== 'RETENTION_STUCK') this.#meet(null);
  }

  /** Resolves once the floor is where it should be now; with null if it did not rise. Rejects with `StoreError`. */
  async rise(): Promise<bigint | null> {
    const { replica, clock } = this.#init;
    const { maxAge, maxBytes } = this.#options;
    const now = this.#clock.look(clock.now(), clock.monotonic());
    const ahead = this.#isAhead();
    const options = ahead ? { ...this.#options, minHint: 0n } : this.#options;
    const { floor, stuck } = this.#find(options, now);
    this.#goal = floor;
    const untimely = maxAge === 0 && !ahead ? null : this.#clock.trouble;
    const early = ahead ? tooHigh(this.#options.minHint) : null;
    this.#meet(untimely ?? early ?? (stuck ? tooLarge(maxBytes) : null));
    if (floor <= replica.retention.floor) {
      if (now !== null) await this.#note(now);
      return null;
    }
    await replica.retention.raise(floor, now);
    return floor;
  }

  /** The next run compares its clock with the note, however long the floor stands. */
  async #note(now: number): Promise<void> {
    const { replica, areTimes } = this.#init;
    const { maxAge, minHint } = this.#options;
    const counts = maxAge !== 0 || (minHint !== 0n && areTimes?.() === true);
    const since = Math.abs(now - replica.retention.believedAt);
    if (counts && since >= NOTE_MS) await replica.retention.believe(now);
  }

  /** Whether `minHint` would remove items that are still to be written. */
  #isAhead(): boolean {
    const { replica, areTimes } = this.#init;
    const { minHint } = this.#options;
    if (areTimes?.() !== true || minHint === this.#confirmed) return false;
    return minHint > replica.retention.floor && minHint > this.#latest;
  }

  /** The highest hint that is no time to come. */
  get #latest(): bigint {
    return BigInt(Math.max(0, Math.floor(this.#clock.certain)));
  }

  #find(options: RetentionOptions, now: number | null): FloorGoal {
    const { replica, areTimes } = this.#init;
    const { maxBytes } = options;
    const times = { now, latest: areTimes?.() === true ? this.#latest : null };
    const { storedBytes } = replica.figures();
    if (maxBytes === 0 || storedBytes <= maxBytes) return floorGoal(options, times, NOTHING);
    const snapshot = replica.snapshot();
    try {
      const { size } = snapshot;
      const first = snapshot.lowerBound({ hint: replica.retention.floor, id: null });
      const items = size - first;
      return floorGoal(options, times, {
        items,
        storedBytes: (storedBytes * items) / Math.max(1, size),
        hintAt: (rank) => snapshot.select(first + rank).hint,
      });
    } finally {
      snapshot.release();
    }
  }

  #meet(trouble: RetentionTrouble | null): void {
    const { logger, incident } = this.#init;
    const before = this.#trouble?.code;
    this.#trouble = trouble;
    if (trouble === null) {
      if (before !== undefined)
        logger.info({ event: 'retention-resumed' }, 'the floor rises again with time and size');
      return;
    }
    if (trouble.code === before) return;
    logger.warn({ event: 'retention-waits', code: trouble.code }, trouble.message);
    incident?.(trouble);
  }
}

function tooHigh(minHint: bigint): RetentionTrouble {
  const message =
    `retention.minHint (${minHint}) is ahead of the clock, so all items would be removed: it does not count before its ` +
    'time. Correct it or the clock; if all items shall go, say so by "rangemesh retention confirm"';
  return { code: 'FLOOR_AHEAD', message };
}

function tooLarge(maxBytes: number): RetentionTrouble {
  const message =
    `the items take more than retention.maxBytes (${maxBytes}), and none can go: all have one hint, or hints ahead of ` +
    'the clock. Give items hints by their age, or raise the limit';
  return { code: 'RETENTION_STUCK', message };
}
