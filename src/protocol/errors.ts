import type { Bound, Bytes } from '../store/index.ts';

/** The codes of `ProtocolError`; docs/protocol-streams.md explains those that peers cause. */
export type ProtocolErrorCode =
  | 'MALFORMED_FRAME'
  | 'FRAME_TOO_LARGE'
  | 'UNEXPECTED_FRAME'
  | 'BUDGET_SPENT'
  | 'PEER_STOPPED'
  | 'UNPROVED'
  | 'TIMEOUT'
  | 'STALLED'
  | 'STREAM_CLOSED'
  | 'STREAM_FAILED'
  | 'UNKNOWN_PEER'
  | 'BUSY'
  | 'INVALID_BYTES'
  | 'DIALECT_CANNOT_TELL'
  | 'ABORTED'
  | 'UNSUPPORTED_PROTOCOL'
  | 'ITEM_TOO_LARGE'
  | 'INVALID_NETWORK_NAME'
  | 'INVALID_SNAPSHOT'
  | 'INVALID_ROLE'
  | 'INVALID_INTERVAL'
  | 'INVALID_INIT'
  | 'INVALID_MODE'
  | 'INVALID_REFUSES'
  | 'INVALID_SESSION'
  | 'INVALID_PEER'
  | 'INVALID_LIMIT'
  | 'INVALID_SCHEME'
  | 'INVALID_FRAME'
  | 'INVALID_PORT'
  | 'SAME_ROLE'
  | 'NOTHING_IN_COMMON'
  | 'ROLE_WRITE'
  | 'RANGE_MISMATCH';

/** Every error the protocol raises on purpose. `code` is stable; `message` is for people. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Ends all that is under way with a peer, and refuses what it begins, while replication is paused. */
export const PAUSED: ProtocolError = new ProtocolError('ABORTED', 'replication is paused here');

/** Ends all that is under way when this node stops. */
export const STOPPED: ProtocolError = new ProtocolError('ABORTED', 'this node stops');

/** The message of a thrown value of any kind. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function malformed(message: string): ProtocolError {
  return new ProtocolError('MALFORMED_FRAME', message);
}

/** `malformed` with messages that begin with `kind`. */
export function malformedAs(kind: string): (problem: string) => ProtocolError {
  return (problem) => malformed(`${kind}: ${problem}`);
}

export function unexpected(message: string): ProtocolError {
  return new ProtocolError('UNEXPECTED_FRAME', message);
}

/** A frame or a call that does not fit the state of the session. */
export function outOfTurn(problem: string): ProtocolError {
  return unexpected(`${problem}: open a new session`);
}

/** A peer that speaks as this side does. */
export function sameRole(role: string): ProtocolError {
  const other = role === 'initiator' ? 'responder' : 'initiator';
  return new ProtocolError('SAME_ROLE', `both sides are ${role}s: make one of them a ${other}`);
}

export function spent(budget: string): ProtocolError {
  return new ProtocolError(
    'BUDGET_SPENT',
    `the session has taken ${budget}, all it may: its findings are good, a new session goes on from there`,
  );
}

/** Ends a session of a dialect that can tell the peer why. */
export class SessionStop extends ProtocolError {
  /** The last frame to send, or null if the peer stopped. */
  readonly parting: Bytes | null;
  /** The lowest bound above which ranges are open, if it is known. */
  readonly from: Bound | null;

  constructor(error: ProtocolError, stop: { parting: Bytes | null; from: Bound | null }) {
    super(error.code, error.message, { cause: error });
    this.parting = stop.parting;
    this.from = stop.from;
  }
}
