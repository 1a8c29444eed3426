import { startBar } from '../bar.ts';
import type { Terminal } from '../init.ts';

export interface ImportProgressBar {
  step(): void;
  /** Clears the bar's line for one of ours; the bar comes back below it. */
  giveWay(): void;
  /** Takes the bar away. */
  end(): void;
}

const NONE: ImportProgressBar = {
  step: () => undefined,
  giveWay: () => undefined,
  end: () => undefined,
};

/** A bar on a terminal; nothing where there is none. `total` null: not known. */
export function createProgress(out: Terminal, total: number | null): ImportProgressBar {
  if (out.isTTY !== true) return NONE;
  const format =
    total === null
      ? 'importing {value} · {duration_formatted}'
      : 'importing [{bar}] {value}/{total} · {eta_formatted} left';
  const bar = startBar(out, format, total ?? 0);
  return {
    step: () => bar.increment(),
    giveWay: () => void out.write('\r\u001b[K'),
    end: () => bar.stop(),
  };
}
