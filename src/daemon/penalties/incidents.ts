import type { MeshMisdeed } from '../mesh/index.ts';
import type { ReplicatorObserver } from '../replicator/index.ts';
import type { Penalties } from './penalties.ts';
import type { PenaltyCode, PenaltyIncident, PenaltyProtocol } from './weights.ts';

/** The incident of a code with which a session or a request ended; others are no fault of the peer. */
const INCIDENTS: Partial<Record<string, PenaltyCode>> = {
  MALFORMED_FRAME: 'WRONG_FRAME',
  UNEXPECTED_FRAME: 'WRONG_FRAME',
  INVALID_BYTES: 'WRONG_BYTES',
  UNPROVED: 'UNPROVED',
  TIMEOUT: 'UNREACHABLE',
  STALLED: 'STALLED',
  STREAM_CLOSED: 'UNREACHABLE',
  STREAM_FAILED: 'UNREACHABLE',
  UNKNOWN_PEER: 'UNREACHABLE',
};

export function meshIncident(code: MeshMisdeed): PenaltyIncident {
  return { code, protocol: code === 'FORGED_RECORD' ? 'discovery' : 'gossip' };
}

/** Reports what peers do in sessions, requests and announcements. */
export function penaltyObserver(
  penalties: Pick<Penalties, 'report' | 'good' | 'delivered'>,
): Pick<ReplicatorObserver, 'sessionEnded' | 'requestEnded' | 'streamEnded' | 'misbehaved'> {
  const ended = (
    peer: string,
    protocol: PenaltyProtocol,
    error: { readonly code: string } | null,
  ): void => {
    const code = error === null ? undefined : INCIDENTS[error.code];
    if (code !== undefined) penalties.report(peer, { code, protocol });
  };
  return {
    sessionEnded({ peer, error, rounds }) {
      if (error === null && rounds > 0) penalties.good(peer);
      ended(peer, 'session', error);
    },
    requestEnded({ peer, error, items }) {
      if (items > 0) penalties.delivered(peer);
      ended(peer, 'fetch', error);
    },
    streamEnded({ peer, error, items }) {
      if (items > 0) penalties.delivered(peer);
      ended(peer, 'fetch', error);
    },
    misbehaved(peer, code) {
      const protocol = code === 'WRONG_ANNOUNCEMENT' ? 'gossip' : 'fetch';
      penalties.report(peer, { code, protocol });
    },
  };
}
