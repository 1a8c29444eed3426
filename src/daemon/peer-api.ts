import type { SessionReport } from '../protocol/index.ts';
import type { Spoken } from './mesh/index.ts';
import type { PeerStanding } from './penalties/index.ts';

export interface RefusalReason {
  readonly code: string;
  readonly message: string;
}

/** A peer as `GET /v1/peers` shows it. */
export interface PeerStatus {
  /** Null while an address without a peer id has not been reached yet. */
  readonly peerId: string | null;
  readonly address: string | null;
  /** The configuration names it, an operator added it, it was discovered, or it dialled this node. */
  readonly origin: 'config' | 'runtime' | 'discovered' | 'inbound';
  readonly connected: boolean;
  /** Both sides' current sets are known to be equal. */
  readonly inSync: boolean;
  /** All items that the peer held then are on this disk. */
  readonly coversAsOf: ProvedAt | null;
  /** Both sets were equal then. */
  readonly equalAsOf: ProvedAt | null;
  readonly lastSession: LastSession | null;
  /** Why the peer is not connected, or no session with it is possible, as far as this node knows. */
  readonly lastError: (RefusalReason & { readonly at: string }) | null;
  /** Networks and dialects that the peer named when it last connected; null: it has not since the start. */
  readonly speaks: Spoken | null;
  readonly standing: PeerStanding;
  /** Milliseconds that the clock of the connected peer is ahead, by its own word; null: it said no time yet. */
  readonly clockOffsetMs: number | null;
  /** When it said so, in ISO 8601. */
  readonly clockMeasuredAt: string | null;
  /** False: the peer said in the last session that it gives this node nothing; it proves nothing then. */
  readonly gives: boolean;
  /** False: the peer said likewise that it takes nothing of this node. */
  readonly takes: boolean;
}

/** When something was proved, and over which part of the key space: from `lower` up to `upper`. */
export interface ProvedAt {
  /** ISO 8601. */
  readonly at: string;
  /** Bounds: a hint, and behind a colon the first digits of an id where one is needed. */
  readonly interval: { readonly lower: string; readonly upper: string };
  /** The interval was all that both nodes accepted. */
  readonly whole: boolean;
}

/** The result of a session that `sync` ran. */
export interface SyncResult extends Pick<SessionReport, 'equal' | 'missing' | 'error'> {
  readonly peerId: string;
  /** Ids that the peer lacked; null where the session did not tell. */
  readonly missingThere: number | null;
  /** Ids that the peer has and this node does not take. */
  readonly refused: number;
}

/** The last session with a peer. */
export interface LastSession
  extends Pick<SessionReport, 'role' | 'dialect' | 'efficiency' | 'durationMs' | 'rounds'>,
    Pick<SessionReport, 'bytesSent' | 'bytesReceived' | 'missing' | 'error'>,
    Pick<SyncResult, 'missingThere'> {
  /** ISO 8601. */
  readonly startedAt: string;
}
