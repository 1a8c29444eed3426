import { SingleBar } from 'cli-progress';
import type { Clock } from '../../../store/index.ts';
import type { Terminal } from '../init.ts';
import { RateMeter } from './rate-meter.ts';
import { formatDuration, formatNumber } from './units.ts';

export interface ProgressInit {
  readonly stream: Terminal;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Begins the line. */
  readonly label: string;
  /** Null: not known, so there is no time left either. */
  readonly total: number | null;
  /**
   * The text of a count.
   * @default `formatNumber`
   */
  readonly format?: (count: number) => string;
}

/** A line on a terminal that shows how far work is, its rate, and the time left. */
export interface ProgressBar {
  /** `of` replaces the total, and a new `label` begins the rate anew. */
  show(done: number, change?: { readonly of?: number | null; readonly label?: string }): void;
  step(): void;
  /** Clears the line for another line; the bar comes back below it. */
  giveWay(): void;
  /** Clears the line. */
  end(): void;
}

const WIDTH = 20;

/** A bar that has begun. It is silent where the stream is no terminal. */
export function startProgress(init: ProgressInit): ProgressBar {
  const { stream, clock, format = formatNumber } = init;
  const begun = clock.monotonic();
  let { label, total } = init;
  let value = 0;
  let meter = new RateMeter(clock);
  const line = () => {
    const rate = meter.perSecond;
    const speed = rate === null ? '' : ` · ${format(Math.max(0, Math.round(rate)))}/s`;
    if (total === null) {
      const passed = formatDuration((clock.monotonic() - begun) / 1_000);
      // Nothing is counted where only time passes.
      return value === 0 ? `${label} · ${passed}` : `${label} ${format(value)}${speed} · ${passed}`;
    }
    const left = rate === null || rate <= 0 ? null : Math.max(0, total - value) / rate;
    const rest = left === null ? '' : ` · ${formatDuration(left)} left`;
    return `${label} [${filled(value, total)}] ${format(value)}/${format(total)}${speed}${rest}`;
  };
  // The line is cut to the width. A terminal that does not wrap would stay so after SIGINT.
  const bar = new SingleBar({
    stream,
    format: line,
    clearOnComplete: true,
    hideCursor: null,
    linewrap: true,
  });
  const show: ProgressBar['show'] = (done, change = {}) => {
    if (change.label !== undefined && change.label !== label) meter = new RateMeter(clock);
    label = change.label ?? label;
    total = change.of === undefined ? total : change.of;
    value = done;
    meter.count(done);
    bar.update(done);
  };
  bar.start(0, 0);
  return {
    show,
    step: () => show(value + 1),
    giveWay: () => void (stream.isTTY === true && stream.write('\r\u001b[K')),
    end: () => bar.stop(),
  };
}

function filled(value: number, total: number): string {
  const share = total === 0 ? 0 : Math.min(1, value / total);
  return '='.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH, '-');
}
