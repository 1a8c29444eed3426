import { isOneWay, reconciledBoth, type SessionReport } from '../../protocol/index.ts';
import { type Declarations, LabelValues, SECONDS } from './declare.ts';

const ROUNDS: readonly number[] = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50, 100, 1_000];
const RATIOS: readonly number[] = [1, 1.25, 1.5, 2, 3, 4, 6, 10, 20, 50, 100];

/** The metrics of sessions. */
export interface SessionMetrics {
  ended(report: SessionReport): void;
}

export function sessionMetrics(declare: Declarations): SessionMetrics {
  const sessions = declare.counter(
    'sessions_total',
    'Ended sessions. Result: equal, different, survey, one-way (a role hides the sets), partial (the rest follows) or failed.',
    ['role', 'result'],
  );
  const errors = declare.counter(
    'session_errors_total',
    'Failed sessions by the code of the error.',
    ['code'],
  );
  const seconds = declare.histogram('session_seconds', 'Durations of sessions.', SECONDS, ['role']);
  const rounds = declare.histogram(
    'session_round_trips',
    'Frames that a session received, each a round trip.',
    ROUNDS,
  );
  const differences = declare.counter(
    'session_differences_total',
    'Ids that sessions found missing here, and at the peer where the dialect tells.',
    ['missing'],
  );
  const bytes = declare.counter('session_bytes_total', 'Bytes of frames of sessions.', [
    'dialect',
    'direction',
  ]);
  const efficiency = declare.histogram(
    'session_efficiency_ratio',
    'Bytes of a session over the information bound.',
    RATIOS,
  );
  const codes = new LabelValues();
  // Prometheus sees no increase in a series that begins above 0.
  for (const missing of ['here', 'there']) differences.inc({ missing }, 0);
  return {
    ended(report) {
      const { role, dialect, error, finding } = report;
      sessions.inc({ role, result: resultOf(report) });
      if (error !== null) errors.inc({ code: codes.of(error.code) });
      seconds.observe({ role }, report.durationMs / 1_000);
      rounds.observe(report.rounds);
      differences.inc({ missing: 'here' }, report.missing);
      differences.inc({ missing: 'there' }, finding?.mine ?? 0);
      bytes.inc({ dialect, direction: 'sent' }, report.bytesSent);
      bytes.inc({ dialect, direction: 'received' }, report.bytesReceived);
      if (report.efficiency !== null) efficiency.observe(report.efficiency);
    },
  };
}

function resultOf(report: SessionReport): string {
  if (report.error !== null) return 'failed';
  if (report.equal) return 'equal';
  if (!reconciledBoth(report)) return 'survey';
  if (report.continueFrom !== null) return 'partial';
  return isOneWay(report.outlines) ? 'one-way' : 'different';
}
