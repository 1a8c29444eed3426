import type { Finding, Outlines } from './dialect.ts';

/** Whether a session compares in one direction at most: one side gives, or takes, nothing. */
export function isOneWay(outlines: Outlines | null): boolean {
  if (outlines === null) return false;
  return [outlines.ours, outlines.theirs].some(
    ({ gives, takes }) => gives === false || takes === false,
  );
}

/**
 * Whether all ids that differ are refused by the side that lacks them. A side that shows nothing hides what
 * differs, and a side that takes nothing refuses no single ids: it stays different.
 */
export function isEqualButRefused(
  { mine, theirs, refused, refusedThere }: Finding,
  outlines: Outlines | null,
): boolean {
  if (mine !== refusedThere || theirs !== refused) return false;
  if (outlines === null) return true;
  const { ours, theirs: peer } = outlines;
  if (ours.gives === false || peer.gives === false) return false;
  return (ours.takes !== false || theirs === 0) && (peer.takes !== false || mine === 0);
}
