import type { PeerStatus, Status } from '../../../src/daemon/index.ts';
import type { Change } from '../../../src/daemon/schemas/index.ts';
import type { SyncedAnswer } from '../../../src/daemon/testing.ts';
import { FakeNode } from '../admin/fake-node.ts';
import { peerStatus } from '../peer-status.ts';

/** The instant so many seconds into the tests. */
export function second(seconds: number): string {
  return `2026-12-01T00:${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}.000Z`;
}

export function statusWith(given: Partial<Status> = {}): Status {
  return { ...new FakeNode().status(), ...given };
}

export function peerWith(given: Partial<PeerStatus> = {}): PeerStatus {
  return peerStatus({
    peerId: 'peer-a',
    address: null,
    origin: 'inbound',
    connected: true,
    ...given,
  });
}

/** A proof at an instant that both sets were equal; null: there is none. */
export function proofOf(
  peerId: string,
  equalAt: string | null,
  given: Partial<SyncedAnswer['peers'][number]> = {},
): SyncedAnswer['peers'][number] {
  const interval = { lower: '0', upper: 'infinity' };
  return {
    peerId,
    inSync: false,
    coversAsOf: null,
    equalAsOf: equalAt === null ? null : { at: equalAt, interval, whole: true },
    coversSinceAsked: null,
    lagSeconds: null,
    lacks: 0,
    lacksSince: null,
    unlisted: 0,
    error: null,
    gives: true,
    takes: true,
    ...given,
  };
}

export function syncedWith(given: Partial<SyncedAnswer> = {}): SyncedAnswer {
  const counts = { wanted: 0, orphans: 0, refused: 0 };
  const verdict = { state: 'in-sync', reason: 'all is here', lagSeconds: 1 } as const;
  return {
    synced: true,
    maxLagSeconds: 10,
    provedSince: null,
    ...verdict,
    ...counts,
    peers: [],
    ...given,
  };
}

export function changeAt(seq: number, given: Partial<Change> = {}): Change {
  const id = seq.toString(16).padStart(64, '0');
  return { seq, id, hint: '1', bytes: 1, from: 'local', publisher: null, at: second(0), ...given };
}

/** The changes of places `[from, to)`. */
export function changesIn(from: number, to: number): Change[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => changeAt(from + i));
}
