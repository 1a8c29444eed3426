import type { Clock } from '../../../store/index.ts';
import type { Terminal } from '../init.ts';
import { startProgress } from '../terminal/index.ts';

export interface ExportProgressBar {
  /** So many items more; `total` null: not known yet. */
  step(items: number, total: number | null): void;
  end(): void;
}

/** A bar, shown on a terminal alone. */
export function createProgress(stream: Terminal, clock: Clock): ExportProgressBar {
  const bar = startProgress({ stream, clock, label: 'exporting', total: null });
  let done = 0;
  return {
    step(items, total) {
      done += items;
      bar.show(done, { of: total });
    },
    end: () => bar.end(),
  };
}
