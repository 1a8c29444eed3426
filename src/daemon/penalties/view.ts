import type { PeerRole } from '../mesh/index.ts';
import { isoTime } from '../system/index.ts';
import type { PenaltyStanding } from './penalties.ts';

/** What a peer may do, and what it has earned by incidents. */
export interface PeerStanding {
  readonly role: PeerRole;
  /** Points at present, rounded. */
  readonly score: number;
  /** The last incident that counted; null: none that is remembered. */
  readonly lastPenalty: {
    readonly code: string;
    readonly protocol: string;
    /** ISO 8601. */
    readonly at: string;
  } | null;
  /** ISO 8601; null: it is not banned. */
  readonly bannedUntil: string | null;
}

/** Null: the peer is not known by its id yet. */
export function standingOf(role: PeerRole, standing: PenaltyStanding | null): PeerStanding {
  const { score = 0, last = null, bannedUntil = null } = standing ?? {};
  return {
    role,
    score: Math.round(score),
    lastPenalty: last && { ...last, at: isoTime(last.at) },
    bannedUntil: bannedUntil === null ? null : isoTime(bannedUntil),
  };
}
