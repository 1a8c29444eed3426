import { isoTime } from '../system/index.ts';
import type { RetentionTrouble } from './types.ts';

interface FloorClockInit {
  /** Longest time between two runs after which the wall clock is believed, in milliseconds. */
  maxGapMs: number;
  /** The last wall time that an earlier run believed and noted, in milliseconds since the epoch; 0: none. */
  last: number;
}

/** Wall time and monotonic time of one moment, in milliseconds. */
interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** Steps of the wall clock up to here are corrections. */
const SLACK_MS = 60_000;
/** Clocks of computers drift by less than this part of the time. */
const MOST_DRIFT = 0.02;

/**
 * Whether the wall clock may raise the floor. A clock that jumped would have items deleted for good, so it is
 * not believed until it is back, or an operator confirms it.
 */
export class FloorClock {
  readonly #last: number;
  #maxGapMs: number;
  #begun: number | null = null;
  /** Since when the clock is believed: small steps may not add up to a jump. */
  #anchor: Moment | null = null;
  /** The last moment at which it was believed. */
  #believed: Moment | null = null;
  #seen: Moment | null = null;
  #certain = 0;
  #trouble: RetentionTrouble | null = null;

  constructor({ maxGapMs, last }: FloorClockInit) {
    this.#maxGapMs = maxGapMs;
    this.#last = last;
  }

  set maxGapMs(maxGapMs: number) {
    this.#maxGapMs = maxGapMs;
  }

  /** Why the clock is not believed, as of the last look. */
  get trouble(): RetentionTrouble | null {
    return this.#trouble;
  }

  /** A time that has come for certain, as of the last look: the wall time, or less while it is not believed. */
  get certain(): number {
    return this.#certain;
  }

  /** The wall time, or null while it is not believed. */
  look(wall: number, monotonic: number): number | null {
    const now = { wall, monotonic };
    this.#seen = now;
    this.#begun ??= monotonic;
    if (!this.#isBelieved(now)) {
      const expected = this.#expected(monotonic);
      this.#certain = Math.min(wall, expected);
      this.#trouble = jumped(wall, expected);
      return null;
    }
    this.#believe(now);
    this.#certain = wall;
    return wall;
  }

  /** Believes the wall clock as it was at the last look. */
  confirm(): void {
    if (this.#trouble === null || this.#seen === null) return;
    this.#anchor = this.#seen;
    this.#believe(this.#seen);
  }

  #believe(now: Moment): void {
    this.#anchor ??= now;
    this.#believed = now;
    this.#trouble = null;
  }

  #isBelieved(now: Moment): boolean {
    if (this.#believed === null || this.#anchor === null) return this.#followsLastRun(now);
    const drift = MOST_DRIFT * (now.monotonic - this.#anchor.monotonic);
    return (
      Math.abs(stepBetween(this.#believed, now)) <= SLACK_MS &&
      Math.abs(stepBetween(this.#anchor, now)) <= SLACK_MS + drift
    );
  }

  #followsLastRun({ wall, monotonic }: Moment): boolean {
    if (this.#last === 0) return true;
    const gap = wall - this.#last;
    return gap >= -SLACK_MS && gap <= this.#maxGapMs + monotonic - this.#begun!;
  }

  #expected(monotonic: number): number {
    const { wall, monotonic: then } = this.#believed ?? {
      wall: this.#last,
      monotonic: this.#begun!,
    };
    return wall + monotonic - then;
  }
}

/** By how much the wall clock moved beside the monotonic one. */
function stepBetween(before: Moment, after: Moment): number {
  return after.wall - before.wall - (after.monotonic - before.monotonic);
}

function jumped(wall: number, expected: number): RetentionTrouble {
  const message =
    `the clock says ${isoTime(wall)}, and ${isoTime(expected)} was to be expected: nothing is removed until the clock ` +
    'is right again; if it is right, say so by "rangemesh retention confirm"';
  return { code: 'CLOCK_JUMPED', message };
}
