import type { SessionReport } from '../../../protocol/index.ts';
import type { Clock } from '../../../store/index.ts';
import type { SharedParts } from '../parts.ts';
import { declined, ending } from './outcome.ts';
import type { Plan } from './plan.ts';
import { isGivenUp, type Slice } from './slice.ts';

/** How far a catch-up is. */
export interface CatchUpProgress {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** `closing`: all slices are here; a session with each peer over everything checks that. */
  readonly phase: 'slices' | 'closing';
  /** Listed items that have been stored. Local puts and pushed items do not count. */
  readonly stored: number;
  /** Items still missing: listed ids, and for slices not listed yet an estimate by counts of peers. */
  readonly missing: number;
  /** A part of `missing` rests on unproved counts of peers. */
  readonly estimated: boolean;
  readonly slices: {
    readonly total: number;
    readonly closed: number;
    /** A second peer has shown that it holds no further items there. */
    readonly checked: number;
    /** Closed though listed items are missing: no peer could bring them. */
    readonly givenUp: number;
  };
  /** Peers that take part; while closing, those whose session over everything has not ended. */
  readonly peers: number;
  /** Over the last ten seconds; null for the first four. */
  readonly itemsPerSecond: number | null;
  /** Null without an estimate: at the beginning, when no items come, and at the end. */
  readonly secondsLeft: number | null;
}

const LOG_EVERY_MS = 10_000;
/** Longest and shortest span that the rate is taken over. */
const WINDOW_MS = 10_000;
const LEAST_MS = 4_000;

/** Counts stored items, and their rate of late. */
export class Rate {
  readonly #clock: Clock;
  #total = 0;
  #samples: { at: number; total: number }[];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#samples = [{ at: clock.monotonic(), total: 0 }];
  }

  get total(): number {
    return this.#total;
  }

  add(count: number): void {
    this.#total += count;
  }

  /** Called now and then: the rate is taken between such moments. */
  sample(): void {
    const now = this.#clock.monotonic();
    this.#samples.push({ at: now, total: this.#total });
    while (this.#samples.length > 2 && this.#samples[1]!.at <= now - WINDOW_MS)
      this.#samples.shift();
  }

  /** Items a second over the window; null while that is too short. */
  get perSecond(): number | null {
    const { at, total } = this.#samples[0]!;
    const ms = this.#clock.monotonic() - at;
    return ms < LEAST_MS ? null : ((this.#total - total) * 1_000) / ms;
  }

  /** Seconds for `missing` more at the present rate. */
  secondsFor(missing: number): number | null {
    const rate = this.perSecond;
    return rate === null || rate === 0 || missing === 0 ? null : Math.ceil(missing / rate);
  }
}

interface ProgressReporterInit extends Pick<SharedParts, 'clock' | 'logger'> {
  readonly plan: Plan;
  /** The peers that take part. */
  readonly members: { readonly size: number };
}

/** Reports the progress of a catch-up, also in the log. */
export class ProgressReporter {
  readonly startedAt: number;
  readonly #init: ProgressReporterInit;
  readonly #rate: Rate;
  #loggedAt: number;
  /** Closing sessions, by whether they compared both sets. */
  #compared = 0;
  #uncompared = 0;

  constructor(init: ProgressReporterInit) {
    this.startedAt = init.clock.now();
    this.#init = init;
    this.#rate = new Rate(init.clock);
    this.#loggedAt = init.clock.monotonic();
  }

  get progress(): CatchUpProgress {
    const { plan, members } = this.#init;
    const { slices, missing, allListed, done } = plan;
    return {
      startedAt: this.startedAt,
      phase: done ? 'closing' : 'slices',
      stored: this.#rate.total,
      missing,
      estimated: !allListed,
      slices: {
        total: slices.length,
        closed: slices.filter(({ state }) => state === 'closed').length,
        checked: slices.filter(({ checked }) => checked).length,
        givenUp: slices.filter(isGivenUp).length,
      },
      peers: members.size,
      itemsPerSecond: this.#rate.perSecond,
      secondsLeft: done ? null : this.#rate.secondsFor(missing),
    };
  }

  begun(peer: string): void {
    const { missing, slices } = this.#init.plan;
    this.#init.logger.info(
      { event: 'catch-up-begun', peer, missing, slices: slices.length },
      'far behind by what the peer says: catching up from several peers',
    );
  }

  stored(count: number): void {
    this.#rate.add(count);
  }

  barred(peer: string, reason: string): void {
    this.#init.logger.warn(
      { event: 'catch-up-barred', peer, reason },
      'the peer takes part in catching up no more',
    );
  }

  /** A second peer has shown its items in the slice. */
  checked({ lister }: Slice, { peer, missing }: SessionReport): void {
    if (missing === 0) return;
    this.#init.logger.warn(
      { event: 'slice-incomplete', peer, lister, missing },
      'a second peer holds items that the first did not list, or that were written since: they are fetched from the second',
    );
  }

  /** The session of the peer over everything ended. */
  closed(peer: string, report: SessionReport): void {
    const { error, missing } = report;
    this.#init.logger.debug({ event: 'catch-up-closing', peer, missing, error }, 'peer closed');
    if (error === null && !declined(report)) this.#compared++;
    else this.#uncompared++;
  }

  /** To be called every second or so. */
  tick(): void {
    this.#rate.sample();
    const now = this.#init.clock.monotonic();
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    const { startedAt: _, ...progress } = this.progress;
    this.#init.logger.info({ event: 'catch-up', ...progress }, 'catching up');
  }

  /** The closing sessions that still run have shown nothing yet. */
  ended(): void {
    const { stored, missing, slices, peers } = this.progress;
    const seconds = Math.round((this.#init.clock.now() - this.startedAt) / 100) / 10;
    const compared = this.#compared;
    const uncompared = this.#uncompared + peers;
    this.#init.logger.info(
      { event: 'catch-up-ended', stored, missing, slices, compared, uncompared, seconds },
      ending({ missing, givenUp: slices.givenUp, compared, uncompared }),
    );
  }
}
