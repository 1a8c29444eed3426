import type { SessionReport } from '../../protocol/index.ts';
import { type Bound, bytesToHex, INFINITE_HINT, type ReplicaStatus } from '../../store/index.ts';
import type { CatchUpStatus, LastSession, ProvedAt, Status, SyncResult } from '../node-api.ts';
import type { CatchUpProgress, Statement } from '../replicator/index.ts';
import { isoTime } from '../system/index.ts';

/** Fields of the status that the store knows. */
type StoreStatus = Pick<
  Status,
  'set' | 'rebuilding' | 'needsRefill' | 'commit' | 'quarantined' | 'scrub' | 'incidents'
>;

export function storeStatus(store: ReplicaStatus): StoreStatus {
  const { items, bytes, storedBytes, fingerprint, incidents } = store;
  const { rebuilding, needsRefill, commit, quarantined, scrub } = store;
  return {
    set: { items, bytes, storedBytes, fingerprint: fingerprint && bytesToHex(fingerprint) },
    rebuilding,
    needsRefill,
    commit,
    quarantined,
    scrub,
    incidents: incidents.map(({ at, code, message }) => ({ at: isoTime(at), code, message })),
  };
}

export function catchUpStatus(progress: CatchUpProgress | null): CatchUpStatus | null {
  if (progress === null) return null;
  const { startedAt, itemsPerSecond, ...rest } = progress;
  return {
    ...rest,
    startedAt: isoTime(startedAt),
    itemsPerSecond: itemsPerSecond === null ? null : Math.round(itemsPerSecond),
  };
}

export function provedAt(statement: Omit<Statement, 'begunAt'> | null): ProvedAt | null {
  if (statement === null) return null;
  const { interval, whole } = statement;
  const { lower, upper } = interval;
  return {
    at: isoTime(statement.at),
    interval: { lower: shown(lower), upper: shown(upper) },
    whole,
  };
}

function shown({ hint, id }: Bound): string {
  if (hint === INFINITE_HINT) return 'infinity';
  return id === null ? String(hint) : `${hint}:${bytesToHex(id)}`;
}

export function syncResult({ peer, equal, missing, error, finding }: SessionReport): SyncResult {
  const { mine: missingThere = null, refused = 0 } = finding ?? {};
  return { peerId: peer, equal, missing, missingThere, refused, error };
}

export function lastSession(report: SessionReport): LastSession {
  const { dialect, efficiency, finding } = report;
  const { role, startedAt, durationMs, rounds, bytesSent, bytesReceived, missing, error } = report;
  return {
    role,
    dialect,
    efficiency: efficiency === null ? null : Math.round(efficiency * 1_000) / 1_000,
    startedAt: isoTime(startedAt),
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    rounds,
    bytesSent,
    bytesReceived,
    missing,
    missingThere: finding?.mine ?? null,
    error,
  };
}
