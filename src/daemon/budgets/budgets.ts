import { Traffic } from '../../protocol/index.ts';
import { Alarm, type Clock } from '../../store/index.ts';
import type { BudgetOptions } from './options.ts';
import { ratesAt } from './schedule.ts';

/** What `Budgets` needs. */
export interface BudgetsInit {
  clock: Clock;
  /**
   * Minutes since midnight, in local time, of milliseconds since the epoch.
   * @default those of UTC
   */
  minuteOfDay?: (epochMs: number) => number;
  options: BudgetOptions;
}

/** The budget that holds now, as the status shows it; rates in bytes a second, 0: no limit. */
export interface BudgetsNow {
  readonly uploadBytesPerSecond: number;
  readonly downloadBytesPerSecond: number;
  readonly peerUploadBytesPerSecond: number;
  readonly peerDownloadBytesPerSecond: number;
  /** The line of the schedule that holds now; null: none. */
  readonly scheduled: string | null;
}

/** The clock is looked at so often: it may jump, and the time of a day may. */
const LOOK_EVERY_MS = 20_000;

const MINUTE_MS = 60_000;
const MINUTES_OF_DAY = 1_440;

/** Gives the traffic the rates that the configuration has for the time of the day. */
export class Budgets {
  readonly traffic: Traffic;
  readonly #clock: Clock;
  readonly #minuteOfDay: (epochMs: number) => number;
  readonly #next: Alarm;
  #options: BudgetOptions;
  #scheduled: string | null;

  constructor({ clock, minuteOfDay = utcMinute, options }: BudgetsInit) {
    this.#clock = clock;
    this.#minuteOfDay = minuteOfDay;
    this.#options = options;
    this.#next = new Alarm(clock);
    const { rates, scheduled } = this.#due();
    this.traffic = new Traffic({ clock, rates });
    this.#scheduled = scheduled;
  }

  get now(): BudgetsNow {
    const { upload, download, peerUpload, peerDownload } = this.traffic.rates;
    return {
      uploadBytesPerSecond: upload,
      downloadBytesPerSecond: download,
      peerUploadBytesPerSecond: peerUpload,
      peerDownloadBytesPerSecond: peerDownload,
      scheduled: this.#scheduled,
    };
  }

  start(): void {
    this.#look();
    this.#next.set(LOOK_EVERY_MS, () => this.start());
  }

  stop(): void {
    this.#next.cancel();
  }

  /** Takes other rates from now on. */
  change(options: BudgetOptions): void {
    this.#options = options;
    this.#look();
  }

  /** The same rates are not given again: the debts stay. */
  #look(): void {
    const { rates, scheduled } = this.#due();
    this.#scheduled = scheduled;
    if (JSON.stringify(rates) !== JSON.stringify(this.traffic.rates)) this.traffic.change(rates);
  }

  #due(): ReturnType<typeof ratesAt> {
    return ratesAt(this.#options, this.#minuteOfDay(this.#clock.now()));
  }
}

function utcMinute(epochMs: number): number {
  return Math.floor(epochMs / MINUTE_MS) % MINUTES_OF_DAY;
}
