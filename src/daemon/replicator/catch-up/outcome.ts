import type { SessionReport } from '../../../protocol/index.ts';
import { compareBounds } from '../../../store/index.ts';
import type { Job } from './plan.ts';

/** How the catch-up ended. It claims only facts that sessions have shown. */
export function ending(
  counts: Readonly<Record<'missing' | 'givenUp' | 'compared' | 'uncompared', number>>,
): string {
  const { missing, givenUp, compared, uncompared } = counts;
  if (missing > 0) return 'catching up ended without peers to go on with';
  if (compared === 0) return 'catching up ended, and no peer was left to compare everything with';
  if (givenUp > 0) return 'caught up, but for what no peer could bring';
  if (uncompared > 0) return 'caught up with the peers whose session at the end did not fail';
  return 'caught up';
}

/** Whether this node began the session and it settled something; the end of a budget does. */
export function usable(report: SessionReport, { kind, slice }: Job): boolean {
  const { role, error, continueFrom } = report;
  if (role !== 'initiator' || declined(report)) return false;
  if (kind === 'survey') return error === null;
  if (continueFrom === null) return error === null;
  return kind === 'list' && compareBounds(continueFrom, slice.lower) > 0;
}

/** Whether the peer put off all differences. */
export function declined({ outlines }: SessionReport): boolean {
  return outlines?.theirs.mode === 'survey';
}
