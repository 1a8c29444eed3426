import type { Clock } from '../../../store/index.ts';
import type { Terminal } from '../init.ts';
import { type ProgressBar, startProgress } from '../terminal/index.ts';

/** A bar, shown on a terminal alone. `total` null: not known. */
export function createProgress(stream: Terminal, clock: Clock, total: number | null): ProgressBar {
  return startProgress({ stream, clock, label: 'importing', total });
}
