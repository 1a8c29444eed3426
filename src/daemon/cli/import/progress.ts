import { startBar } from '../bar.ts';
import type { Terminal } from '../init.ts';

export interface ImportProgressBar {
  step(): void;
  /** Clears the line of the bar for another line; the bar comes back below it. */
  giveWay(): void;
  end(): void;
}

/** A bar, shown on a terminal alone. `total` null: not known. */
export function createProgress(out: Terminal, total: number | null): ImportProgressBar {
  const format =
    total === null
      ? 'importing {value} · {duration_formatted}'
      : 'importing [{bar}] {value}/{total} · {eta_formatted} left';
  const bar = startBar(out, format, total ?? 0);
  return {
    step: () => bar.increment(),
    giveWay: () => void (out.isTTY === true && out.write('\r\u001b[K')),
    end: () => bar.stop(),
  };
}
