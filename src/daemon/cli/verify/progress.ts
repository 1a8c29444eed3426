import type { VerifyProgress } from '../../../store/index.ts';
import { startBar } from '../bar.ts';
import type { Terminal } from '../init.ts';

export interface VerifyProgressBar {
  show(progress: VerifyProgress): void;
  end(): void;
}

const WORDS: Readonly<Record<VerifyProgress['phase'], string>> = {
  tables: 'comparing checksums',
  log: 'reading the log',
  tree: 'recomputing the index',
  items: 'hashing the items',
  arrivals: 'order of arrival',
  ids: 'counting the ids',
};

/** A bar, shown on a terminal alone. */
export function createProgress(out: Terminal): VerifyProgressBar {
  const format = '{phase} [{bar}] {value}/{total} · {duration_formatted}';
  const bar = startBar(out, format, 0, { phase: 'opening' });
  return {
    show({ phase, done, of }) {
      // The log is counted in commits, each other phase in items.
      bar.setTotal(phase === 'log' ? done : Math.max(done, of));
      bar.update(done, { phase: WORDS[phase] });
    },
    end: () => bar.stop(),
  };
}
