import type { ReplicaParts } from './parts.ts';
import { storedBytes } from './payload-bytes.ts';
import type { ReplicaFigures, ReplicaStatus } from './types.ts';

/** See `ReplicaStatus`; has the free room of the disk looked at. */
export function refusingOf({ lifecycle, puts }: ReplicaParts): ReplicaStatus['refusing'] {
  void puts.admission.refresh();
  const refusal = lifecycle.refusal ?? puts.admission.refusing;
  return refusal && { code: refusal.code, message: refusal.message };
}

/** The part of the status that costs nothing. */
export function standingOf(parts: ReplicaParts): Omit<ReplicaStatus, 'fingerprint' | 'incidents'> {
  const { lifecycle, quarantine, scrubber } = parts;
  const { items, bytes, needsRefill, commit } = lifecycle.state;
  return {
    items,
    bytes,
    storedBytes: storedBytes(items, bytes),
    refusing: refusingOf(parts),
    rebuilding: lifecycle.rebuilding,
    needsRefill,
    quarantined: quarantine.size,
    commit,
    buffered: lifecycle.set?.buffered ?? 0,
    scrub: scrubber.status,
  };
}

/** See `Replica.figures`. */
export function figuresOf(parts: ReplicaParts): ReplicaFigures {
  const { lifecycle, incidents, puts, refusals } = parts;
  return {
    ...standingOf(parts),
    incidentCounts: incidents.counts,
    cache: lifecycle.set?.cacheUses ?? { hits: 0, misses: 0 },
    freeBytes: puts.admission.freeBytes,
    minFreeBytes: puts.admission.minFreeBytes,
    refused: refusals.counts,
  };
}
