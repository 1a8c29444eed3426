import type { Clock, VerifyProgress } from '../../../store/index.ts';
import type { Terminal } from '../init.ts';
import { startProgress } from '../terminal/index.ts';

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
export function createProgress(stream: Terminal, clock: Clock): VerifyProgressBar {
  const bar = startProgress({ stream, clock, label: 'opening', total: null });
  return {
    show({ phase, done, of }) {
      // The log is counted in commits, whose number is not known; each other phase in items.
      bar.show(done, { label: WORDS[phase], of: phase === 'log' ? null : Math.max(done, of) });
    },
    end: () => bar.end(),
  };
}
