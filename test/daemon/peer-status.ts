import type { PeerStatus } from '../../src/daemon/index.ts';

/** A peer that was never met, but for what is changed. */
export function peerStatus(change: Partial<PeerStatus> = {}): PeerStatus {
  return {
    peerId: null,
    address: '/ip4/192.0.2.1/tcp/1',
    origin: 'config',
    connected: false,
    inSync: false,
    coversAsOf: null,
    equalAsOf: null,
    lastSession: null,
    lastError: null,
    speaks: null,
    gives: true,
    takes: true,
    clockOffsetMs: null,
    clockMeasuredAt: null,
    standing: { role: 'replicate', score: 0, lastPenalty: null, bannedUntil: null },
    ...change,
  };
}
