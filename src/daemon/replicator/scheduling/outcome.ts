import { isOneWay, reconciledBoth, type SessionReport } from '../../../protocol/index.ts';
import type { StoreErrorCode } from '../../../store/index.ts';
import type { ScheduleOutcome } from './scheduler.ts';

/** The outcome of a session, for the scheduler. */
export function outcome(report: SessionReport): ScheduleOutcome {
  const { error, equal, asked, missing, finding, outlines } = report;
  if (equal && error === null) return 'equal';
  if (error !== null || asked !== null || !reconciledBoth(report)) return 'unknown';
  const { mine = 0, refusedThere = 0 } = finding ?? {};
  // Sessions go on to list the ids that stay different: the next is as far away as that of equal sets.
  const isProved = finding?.proved === true && finding.whole;
  if (isOneWay(outlines) && isProved && missing === 0 && mine === refusedThere) return 'equal';
  return missing > 0 || mine > refusedThere ? 'different' : 'unknown';
}

const OWN_TROUBLE: ReadonlySet<string> = new Set<StoreErrorCode>([
  'STORE_REBUILDING',
  'STORE_UNAVAILABLE',
  'STORE_CORRUPT',
  'SNAPSHOT_EXPIRED',
  'STORE_CLOSED',
  'INVARIANT_BROKEN',
]);

/** Whether the store of this node ended a session. */
export function isOwnTrouble({ code }: NonNullable<SessionReport['error']>): boolean {
  return OWN_TROUBLE.has(code);
}
