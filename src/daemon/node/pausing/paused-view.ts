import { DaemonError } from '../../errors.ts';
import type { PausedPeers } from './paused-peers.ts';
import type { Pausing } from './pausing.ts';

/** Replication as an operator has paused it. */
export interface PausedNow {
  readonly all: boolean;
  /** Paused peers that are connected, and connected peers. */
  readonly here: number;
  readonly connected: number;
}

/** The pause as the status and the verdict see it. */
export interface PausedView {
  readonly peers: Pick<PausedPeers, 'paused' | 'has' | 'pausedHere' | 'present'>;
  readonly pausing: Pick<Pausing, 'state'>;
}

export const NEVER_PAUSED: PausedView = {
  peers: { paused: { all: false, peers: new Set() }, has: () => false, pausedHere: 0, present: 0 },
  pausing: { state: { all: false, peers: [], kept: { all: false, peers: [] } } },
};

/** Null: replication goes on with every connected peer. A paused peer that is away changes nothing. */
export function pausedNow({ peers }: PausedView): PausedNow | null {
  const { pausedHere: here, present: connected } = peers;
  const { all } = peers.paused;
  return all || here > 0 ? { all, here, connected } : null;
}

/** Throws `PAUSED` if no session is possible with the peer, or with any. */
export function refusePaused({ peers }: PausedView, peerId: string | undefined): void {
  if (peerId === undefined ? !peers.paused.all : !peers.has(peerId)) return;
  const message =
    'an operator has paused replication, so no session begins: run "rangemesh resume" first';
  throw new DaemonError('PAUSED', message);
}
