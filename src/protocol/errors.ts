export type ProtocolErrorCode =
  | 'MALFORMED_FRAME'
  | 'FRAME_TOO_LARGE'
  | 'UNEXPECTED_FRAME'
  | 'BUDGET_SPENT'
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
