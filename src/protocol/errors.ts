import type { Bound } from '../store/index.ts';

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
  | 'ABORTED'
  | 'UNSUPPORTED_PROTOCOL'
  | 'ITEM_TOO_LARGE'
  | 'INVALID_NETWORK_NAME';

/** Every error the protocol raises on purpose. `code` is stable; `message` says what happened. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Ends a session of a dialect that can tell the peer why. */
export class SessionStop extends ProtocolError {
  /** The last frame to send, or null when the peer is the one that stopped. */
  readonly parting: Uint8Array | null;
  /** The lowest bound above which something was not settled, where that is known. */
  readonly from: Bound | null;

  constructor(error: ProtocolError, stop: { parting: Uint8Array | null; from: Bound | null }) {
    super(error.code, error.message, { cause: error });
    this.parting = stop.parting;
    this.from = stop.from;
  }
}
