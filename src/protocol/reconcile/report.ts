import type { Role } from './dialect.ts';

/** How one session went, from the point of view of this node. */
export interface SessionReport {
  readonly peer: string;
  readonly role: Role;
  readonly dialect: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Frames received. */
  readonly rounds: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Ids learnt that were missing here. */
  readonly missing: number;
  /** Both whole sets were equal, as of `version` here. */
  readonly equal: boolean;
  /** `Replica.version` of the snapshot the session worked on. */
  readonly version: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}
