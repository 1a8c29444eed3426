import type { LogLosses } from '../logging.ts';
import { type Declarations, setTotals } from './declare.ts';

/** Memory and places that all peers share. */
export interface BudgetFigures {
  /** Memory for answers to fetches. */
  readonly answers: number;
  /** Slots of sessions that start here, and that peers start. */
  readonly calling: number;
  readonly serving: number;
}

/** The metrics of the daemon as a whole. */
export interface DaemonMetrics {
  update(losses: LogLosses, budgets: BudgetFigures): void;
}

export interface DaemonMetricsInit {
  readonly declare: Declarations;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export function daemonMetrics({ declare, version, startedAt }: DaemonMetricsInit): DaemonMetrics {
  const build = declare.gauge('build_info', 'Always 1; the labels name the versions.', [
    'version',
    'node',
  ]);
  build.set({ version, node: process.version }, 1);
  const start = declare.gauge('start_time_seconds', 'Start of the daemon since the epoch.');
  start.set(startedAt / 1_000);
  const lines = declare.counter(
    'log_dropped_lines_total',
    'Lines that did not reach the log: left_out (too many of a kind) or lost (the output had no room).',
    ['reason'],
  );
  const used = declare.gauge(
    'budget_used_ratio',
    'Part of a budget in use: answers (memory), calling and serving (slots of sessions).',
    ['budget'],
  );
  return {
    update({ leftOut, lost }, budgets) {
      setTotals(lines, 'reason', [
        ['left_out', leftOut],
        ['lost', lost],
      ]);
      for (const [budget, ratio] of Object.entries(budgets)) used.set({ budget }, ratio);
    },
  };
}
